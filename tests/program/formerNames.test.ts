import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { RunError } from "@pulumi/pulumi";
import { ISTIO_API_VERSION } from "../../components/resources/istioApi.js";
import { formerName, namesIn } from "../../stack/formerNames.js";

type State = Parameters<typeof namesIn>[0];

/** What the engine tells of the resources that a version has left. */
function stateOf(version: string): State {
  const file = path.join(__dirname, `../stack/fixtures/state-of-${version}.json`);
  const { resources } = JSON.parse(readFileSync(file, "utf8")) as {
    resources: (State[string] & { urn: string })[];
  };
  return Object.fromEntries(resources.map(({ urn, ...resource }) => [urn, resource]));
}

const typeOf = (kind: string) => `kubernetes:${ISTIO_API_VERSION}:${kind}`;
const urnOf = (kind: string, name: string) =>
  `urn:pulumi:dev::istio-egress::istio-egress:aliases:EgressTlsRule$${typeOf(kind)}::${name}`;
const target = { name: "httpbin.org", namespace: "shop" };

describe("what a state calls the objects of a target", () => {
  const cases: { version: string; kind: string; name: string }[] = [
    { version: "0.1", kind: "ServiceEntry", name: "my-httpbin.shop-serviceentry" },
    { version: "0.1", kind: "DestinationRule", name: "my-httpbin.shop-target-rule" },
    { version: "0.1", kind: "VirtualService", name: "my-httpbin.shop-virtualservice" },
    { version: "0.2", kind: "ServiceEntry", name: "httpbin.org.shop-serviceentry" },
  ];
  for (const { version, kind, name } of cases) {
    it(`is ${name} for its ${kind} in version ${version}`, () => {
      const names = namesIn(stateOf(version));
      assert.equal(formerName(names, typeOf(kind), target), urnOf(kind, name));
    });
  }

  it("is nothing where the state has no such object", () => {
    const names = namesIn(stateOf("0.1"));
    for (const other of [
      { ...target, namespace: "elsewhere" },
      { ...target, name: "example.com" },
    ]) {
      assert.equal(formerName(names, typeOf("ServiceEntry"), other), undefined);
    }
  });

  it("is refused where two resources are one object, of which one would take the other's away", () => {
    const [one, other] = ["a.shop-serviceentry", "b.shop-serviceentry"].map((name) =>
      urnOf("ServiceEntry", name),
    ) as [string, string];
    const resource = { type: typeOf("ServiceEntry"), outputs: { metadata: target } };
    const names = namesIn({ [one]: resource, [other]: resource });
    assert.throws(
      () => formerName(names, resource.type, target),
      (error) => {
        assert.ok(error instanceof RunError);
        assert.ok(
          error.message.startsWith(
            `ServiceEntry shop/httpbin.org is more than one resource of this stack's state: ${one}, ${other}. `,
          ),
          error.message,
        );
        return true;
      },
    );
  });
});
