import assert from "node:assert/strict";
import { egressPolicies } from "../../policies/pack.js";
import { preview, unknown } from "../harness/index.js";
import { HTTPBIN, WIKIPEDIA, rule, stackOf, tls, unwrapped } from "./stacks.js";

const HOST = "my-wikipedia.default.svc.cluster.local";
const MUTUAL = tls("ISTIO_MUTUAL");
const EXTERNAL = HTTPBIN.replace("httpbin.org", unknown);
const ADDRESS = "an address that isn't known yet";

/** What the model tries in an unknown value's place. */
const PLACEHOLDER = /nobody|\.invalid|255\.255\.255\.250|203\.0\.113|65535|unreadable/i;

describe("a value that isn't known", () => {
  const stacks: [string, string[], string?, string?][] = [
    [
      "one of two addresses",
      [WIKIPEDIA.replace("91.198.174.192", unknown)],
      `198.35.26.96, ${ADDRESS}`,
    ],
    ["every address", [WIKIPEDIA.replaceAll(/\d+\.\d+\.\d+\.\d+/g, unknown)], `(${ADDRESS})`],
    ["an external name", [EXTERNAL], "a name that isn't known yet", "1.20"],
    ["an external name that is only an alias", [EXTERNAL], "a name that isn't known yet", "1.31"],
    ["a Service's port", [WIKIPEDIA.replace("port: 443", `port: ${unknown}`)]],
    ["a port's name", [WIKIPEDIA.replace("name: tls", `name: ${unknown}`)]],
    ["a Service's name", [WIKIPEDIA.replaceAll("name: my-wikipedia", `name: ${unknown}`)]],
    [
      "a Service's namespace",
      [WIKIPEDIA.replaceAll("namespace: default", `namespace: ${unknown}`)],
    ],
    [
      "a ServiceEntry's host",
      [
        `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: e, namespace: default }
spec: { hosts: [${unknown}], location: MESH_EXTERNAL, resolution: DNS, ports: [{ name: tls, number: 443, protocol: TLS }] }
`,
      ],
    ],
    ["a subset's name", [WIKIPEDIA, rule("s", HOST, `subsets: [{ name: ${unknown}, ${MUTUAL} }]`)]],
    [
      "a port's number in a rule",
      [
        WIKIPEDIA,
        rule(
          "p",
          HOST,
          `trafficPolicy: { portLevelSettings: [{ port: { number: ${unknown} }, tls: { mode: ISTIO_MUTUAL } }] }`,
        ),
      ],
    ],
  ];
  for (const [what, stack, said = "", istioVersion = "1.31"] of stacks) {
    it(`is never reported as something else: ${what}`, async () => {
      for (const host of ["*", "*.local", HOST, "my-httpbin.default.svc.cluster.local"]) {
        const policies = egressPolicies({ mesh: { istioVersion } });
        const all = stackOf(...stack, rule("r", host, MUTUAL, { namespace: "istio-system" }));
        const reports = await preview(policies, all, { way: "proxied" });
        const text = reports.map(({ message }) => unwrapped(message)).join("\n");
        assert.doesNotMatch(text, PLACEHOLDER);
        if (host === "*") assert.ok(text !== "" && text.includes(said), text);
      }
    });
  }
});
