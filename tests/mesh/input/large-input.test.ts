import assert from "node:assert/strict";
import { judge, type KubeObject, readMesh } from "../../../mesh/index.js";
import { IM, rule, W } from "../objects.js";

/** More than one call takes as arguments. */
const MANY = 200_000;

describe("input with more of something than a call takes arguments", function () {
  this.timeout(60_000);

  const verdictsOf = (objects: KubeObject[]) => {
    const [first] = judge(readMesh(objects), [{ namespace: "n" }]);
    return first?.verdict;
  };

  it("is read where it is one list", () => {
    const items = Array.from({ length: MANY }, (_, index) => ({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: `c${index}` },
    }));
    const list: KubeObject = {
      apiVersion: "v1",
      kind: "List",
      metadata: {},
      items: [...items, ...W],
    };
    assert.equal(verdictsOf([list, rule("n", "r", { host: "*.local", ...IM })]), "violation");
  });

  it("is read where a rule has many subsets beside another one's", () => {
    const subsets = Array.from({ length: MANY }, (_, index) => ({ name: `s${index}` }));
    const host = "w.n.svc.cluster.local";
    const mesh = readMesh([
      ...W,
      rule("n", "a", { host, ...IM }),
      rule("n", "b", { host, subsets }),
    ]);
    assert.equal(mesh.rules.length, 2);
  });
});
