import assert from "node:assert/strict";
import { judge, readMesh, UNKNOWN, type KubeObject, type Verdict } from "../../../mesh/index.js";
import { completedBy } from "../../oracle/completion.js";
import {
  endpoints,
  HTTPS,
  IM,
  OFF,
  OUTSIDE,
  pod,
  rule,
  service,
  slice,
  W,
  W_HOST,
} from "../objects.js";

const CLIENT = { namespace: "c" };

function many(count: number, make: (index: number) => KubeObject): KubeObject[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** The one verdict, and what the model says of the objects as each witness completes them. */
function answer(objects: KubeObject[]): string {
  const [verdict, ...others] = judge(readMesh(objects), [CLIENT]);
  assert.ok(verdict);
  assert.deepEqual(others, []);
  if (verdict.verdict !== "undecided") return verdict.verdict;
  assert.deepEqual(verdict.witnesses?.map(judged(objects)), ["ok", "violation"]);
  return "undecided with witnesses";
}

function judged(objects: KubeObject[]) {
  return (witness: NonNullable<Verdict["witnesses"]>[number]) =>
    judge(readMesh(completedBy(objects, witness)), [CLIENT])[0]?.verdict ?? "ok";
}

/** A rule with a value that isn't known. */
const ofUnknownHost = (namespace: string, policy: object) => (index: number) =>
  rule(namespace, `r${index}`, { host: UNKNOWN, ...policy });

describe("more values that aren't known than anybody could combine", () => {
  for (const count of [3, 12, 24]) {
    it(`decide nothing where ${count} rules of unknown hosts are only looked up after one's own`, () => {
      const own = rule("c", "own", { host: W_HOST, ...OFF });
      assert.equal(answer([...W, own, ...many(count, ofUnknownHost("n", IM))]), "ok");
    });

    it(`decide nothing where ${count} rules of unknown ports stand beside one that says it all`, () => {
      const ofUnknownPort = (index: number) =>
        rule("n", `r${index}`, {
          host: W_HOST,
          trafficPolicy: {
            ...IM.trafficPolicy,
            portLevelSettings: [{ port: { number: UNKNOWN }, tls: { mode: "ISTIO_MUTUAL" } }],
          },
        });
      assert.equal(answer([...W, ...many(count, ofUnknownPort)]), "violation");
    });

    it(`have witnesses where one of ${count} rules of unknown hosts may say ISTIO_MUTUAL`, () => {
      const harmless = many(count, ofUnknownHost("n", OFF));
      const harmful = rule("n", "im", { host: UNKNOWN, ...IM });
      assert.equal(answer([...W, ...harmless, harmful]), "undecided with witnesses");
    });

    it(`have witnesses where ${count} rules of one host have no known mode`, () => {
      const ofUnknownMode = (index: number) =>
        rule("n", `r${index}`, { host: W_HOST, trafficPolicy: { tls: { mode: UNKNOWN } } });
      assert.equal(answer([...W, ...many(count, ofUnknownMode)]), "undecided with witnesses");
    });

    it(`decide nothing where ${count} addresses aren't known and one is outside`, () => {
      const addresses = [OUTSIDE, ...Array.from({ length: count }, () => UNKNOWN)];
      const served = slice("n", "w", OUTSIDE, {
        endpoints: addresses.map((address) => ({ addresses: [address] })),
      });
      const objects = [service("n", "w", { ports: [HTTPS] }), served];
      assert.equal(answer([...objects, rule("n", "w", { host: W_HOST, ...IM })]), "violation");
    });

    it(`have witnesses where none of ${count} addresses is known`, () => {
      const served = slice("n", "w", OUTSIDE, {
        endpoints: Array.from({ length: count }, () => ({ addresses: [UNKNOWN] })),
      });
      const objects = [service("n", "w", { ports: [HTTPS] }), served, pod("n", "p", "10.0.0.1")];
      assert.equal(
        answer([...objects, rule("n", "w", { host: W_HOST, ...IM })]),
        "undecided with witnesses",
      );
    });
  }

  it("are tried for an ExternalName that may lead to what any of 300 rules is for", () => {
    const alias = service("c", "e", {
      type: "ExternalName",
      externalName: UNKNOWN,
      ports: [HTTPS],
    });
    const target = [service("n", "w", { ports: [HTTPS] }), endpoints("n", "w")];
    const rules = many(300, (index) =>
      rule("c", `r${index}`, { host: `h${index}.org`, ...(index === 250 ? IM : OFF) }),
    );
    const found = judge(readMesh([alias, ...target, ...rules]), [CLIENT]);
    const open = found.filter(({ verdict }) => verdict !== "ok");
    assert.deepEqual(
      open.map(({ host, verdict, witnesses }) => [host, verdict, witnesses?.length]),
      [["h250.org", "undecided", 2]],
    );
  });
});
