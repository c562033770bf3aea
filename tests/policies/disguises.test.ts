import assert from "node:assert/strict";
import type { PolicyResource } from "@pulumi/policy";
import fc from "fast-check";
import { judge, readMesh, type KubeObject } from "../../mesh/index.js";
import { egressPolicies } from "../../policies/pack.js";
import { kubernetesResource, preview } from "../harness/index.js";
import { mesh } from "../oracle/meshes.js";
import type { Question } from "../oracle/question.js";
import { runs } from "../runs.js";
import { DISGUISES, disguised } from "./disguises.js";
import { told } from "./engine.js";

const VIOLATION = "egress-disallow-istio-mutual";

/** Objects that an API server has stored, so that their order is known, and that break the rule. */
const violating = mesh.filter(({ objects, mesh }) =>
  judge(readMesh(objects, mesh)).some(({ verdict }) => verdict === "violation"),
);

function stackOf(objects: readonly KubeObject[]): PolicyResource[] {
  return objects.map((object, index) => {
    const metadata = { namespace: "default", ...(object.metadata as object), resourceVersion: "1" };
    return kubernetesResource({ ...object, metadata }, { name: `resource-${index}` });
  });
}

/** The violations of a stack, without where they are shown and without doubts about its clusters. */
async function violations(
  resources: readonly PolicyResource[],
  { mesh }: Question,
): Promise<string[]> {
  // Whatever the level of the settings.
  const engine = () =>
    told({
      levels: { "egress-settings": "advisory" },
      properties: { "egress-settings": { mesh } },
    });
  const config = { "egress-settings": { enforcementLevel: "advisory" as const } };
  const policies = egressPolicies({}, undefined, engine);
  const reports = await preview(policies, resources, { way: "proxied", config });
  return reports
    .filter(({ policy, level }) => policy === VIOLATION && level === "mandatory")
    .map(({ message }) => message.replace(/^cluster: .*\n(?: {2}.*\n)*/m, ""))
    .sort();
}

describe("a stack that sends Istio's mutual TLS outside", function () {
  this.timeout(120_000);

  for (const disguise of [...DISGUISES.map((one) => [one]), DISGUISES]) {
    const names = disguise.length > 1 ? "in all of these ways at once" : disguise[0]!.name;
    it(`does so declared ${names}`, async () => {
      const stacks = violating.chain((question) => {
        const plain = stackOf(question.objects);
        return fc.tuple(fc.constant(question), fc.constant(plain), disguised(plain, disguise));
      });
      const property = fc.asyncProperty(stacks, async ([question, plain, other]) => {
        const expected = await violations(plain, question);
        assert.notDeepEqual(expected, []);
        assert.deepEqual(await violations(other, question), expected);
      });
      await fc.assert(property, { numRuns: runs(5) });
    });
  }
});
