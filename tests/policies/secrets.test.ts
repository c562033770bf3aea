import assert from "node:assert/strict";
import { UNKNOWN } from "../../mesh/index.js";
import { egressPolicies } from "../../policies/pack.js";
import { secretsIn, withoutSecrets } from "../../policies/secrets.js";
import { readSnapshot, writeSnapshot } from "../../policies/snapshot.js";
import { itBothWays, preview } from "../harness/index.js";
import { told } from "./engine.js";
import { WIKIPEDIA, rule, stackOf, tls } from "./stacks.js";

const secret = (value: unknown) => ({
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  value,
});
const SERVICE = "kubernetes:core/v1:Service";

describe("secrets", () => {
  const cases: [string, string, Record<string, unknown>, string[]][] = [
    [
      "an external name",
      SERVICE,
      { spec: { externalName: secret("db.corp.example") } },
      ["db.corp.example"],
    ],
    [
      "addresses",
      "kubernetes:core/v1:Endpoints",
      { subsets: [{ addresses: [{ ip: secret("192.0.2.7") }] }] },
      ["192.0.2.7"],
    ],
    [
      "hosts in a secret list",
      "kubernetes:networking.istio.io/v1:ServiceEntry",
      { spec: { hosts: secret(["a.example", "b"]) } },
      ["a.example", "b"],
    ],
    [
      "names of an object, and no words",
      SERVICE,
      {
        metadata: secret({ name: "payments" }),
        spec: secret({ type: "ClusterIP", ports: [{ name: "tls" }] }),
      },
      ["payments"],
    ],
    [
      "whatever has the kind of an object",
      "kubernetes:made/up:Thing",
      { apiVersion: "v1", kind: "Service", spec: { externalName: secret("x") } },
      ["x"],
    ],
    [
      "nothing of a Secret",
      "kubernetes:core/v1:Secret",
      { stringData: { url: secret("db.corp.example") } },
      [],
    ],
    ["nothing of other clouds", "aws:s3/bucket:Bucket", { host: secret("a.example") }, []],
    ["nothing that isn't secret", SERVICE, { spec: { externalName: "a.example" } }, []],
  ];
  for (const [what, type, properties, expected] of cases) {
    it(`are ${what}`, () => assert.deepEqual(secretsIn(type, properties), expected));
  }

  const messages: [string, string, string][] = [
    ["db.corp.example", "host: db.corp.example, port 443", "host: [secret], port 443"],
    [
      "db.corp.example.",
      "instead: externalName: db.corp.example",
      "instead: externalName: [secret]",
    ],
    ["DB.Corp.example", "host db.corp.example", "host [secret]"],
    [
      "payments",
      "payments.default.svc.cluster.local, payments-eu",
      "[secret].default.svc.cluster.local, payments-eu",
    ],
    ["corp.example", "a.corp.example", "a.[secret]"],
    ["a+b", "a+b", "[secret]"],
  ];
  for (const [text, message, expected] of messages) {
    it(`aren't in a message: ${text} in "${message}"`, () => {
      assert.equal(withoutSecrets(message, new Set([text])), expected);
    });
  }

  itBothWays("aren't in any finding about them", async (way) => {
    const secrets = ["my-wikipedia.default.svc.cluster.local", "my-wikipedia", "198.35.26.96"];
    const stack = stackOf(WIKIPEDIA, rule("r", secrets[0]!, tls("ISTIO_MUTUAL")));
    const reports = await preview(
      egressPolicies({}, undefined, () => told({ secrets })),
      stack,
      { way },
    );
    assert.notEqual(reports.length, 0);
    for (const { message } of reports) {
      for (const text of secrets) assert.ok(!message.includes(text), message);
      assert.match(message, /\[secret\]/);
    }
  });

  it("count as not known in a snapshot, from which pictures are drawn", () => {
    const object = (externalName: unknown) => ({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "s" },
      spec: { externalName },
    });
    const snapshot = (externalName: unknown) => ({
      facts: {},
      clients: [],
      defaultNamespace: "default",
      clusters: [{ objects: [object(externalName)], unseen: [] }],
    });
    const text = writeSnapshot(snapshot("db.corp.example"), new Set(["db.corp.example"]));
    assert.doesNotMatch(text, /corp/);
    assert.deepEqual(readSnapshot(text), snapshot(UNKNOWN));
  });
});
