import assert from "node:assert/strict";
import type { PolicyResource } from "@pulumi/policy";
import fc from "fast-check";
import { judge, readMesh, type KubeObject } from "../../mesh/index.js";
import { egressPolicies } from "../../policies/pack.js";
import { type Report, type Way, kubernetesResource, preview, unknown } from "../harness/index.js";
import { type HiddenValue, objectName } from "../oracle/hidden.js";
import { mesh } from "../oracle/meshes.js";
import type { Question } from "../oracle/question.js";
import { runs } from "../runs.js";

const VIOLATION = "egress-disallow-istio-mutual";
const UNDECIDED = "egress-undecided-tls";

/** Stacks in a run of the tests; the seed is new each time and printed if a property fails. */
const RUNS = runs(20);

/** The stack of objects that an API server has stored: the order of their creation is known. */
function stackOf(objects: readonly KubeObject[]): PolicyResource[] {
  return objects.map((object) => {
    const metadata = { ...(object.metadata as object), resourceVersion: "1" };
    return kubernetesResource({ ...object, metadata: metadata as KubeObject["metadata"] });
  });
}

/** The same stack as a preview sees it that doesn't know some values. */
function blanked(objects: readonly KubeObject[], hidden: readonly HiddenValue[]): PolicyResource[] {
  return stackOf(objects).map((resource, index) => {
    const props = structuredClone(resource.props);
    const name = objectName(objects[index]!);
    for (const { path } of hidden.filter(({ object }) => object === name)) blank(props, path);
    return { ...resource, props };
  });
}

function blank(holder: unknown, [step, ...rest]: HiddenValue["path"]): void {
  if (typeof holder !== "object" || holder === null || step === undefined) return;
  const fields = holder as Record<string | number, unknown>;
  if (rest.length === 0) fields[step] = unknown;
  else blank(fields[step], rest);
}

function reports(resources: readonly PolicyResource[], { mesh }: Question, way: Way) {
  return preview(egressPolicies({ mesh }), resources, { way });
}

const asText = (report: Report) => JSON.stringify(report);
const STACK_RULES = new Set(
  egressPolicies()
    .filter((policy) => "validateStack" in policy && !("validateResource" in policy))
    .map(({ name }) => name),
);
const aboutStack = (found: readonly Report[]) =>
  found.filter(({ policy }) => STACK_RULES.has(policy));

const aliasIn = ({ message }: Report) => /^(\S+) \(/.exec(message.split("\n").at(0) ?? "")?.[1];

describe("for any stack", function () {
  this.timeout(120_000);

  it("the order of its resources changes nothing, and neither does the SDK's proxy", async () => {
    const shuffled = mesh.chain((question) =>
      fc.tuple(
        fc.constant(question),
        fc.shuffledSubarray(question.objects, { minLength: question.objects.length }),
      ),
    );
    const property = fc.asyncProperty(shuffled, async ([question, objects]) => {
      const expected = await reports(stackOf(question.objects), question, "raw");
      const shuffled = await reports(stackOf(objects), question, "proxied");
      assert.deepEqual(aboutStack(shuffled), aboutStack(expected));
      // Resource by resource, in the order of the resources.
      assert.deepEqual(shuffled.map(asText).sort(), expected.map(asText).sort());
    });
    await fc.assert(property, { numRuns: RUNS });
  });

  it("hiding values never turns a violation into silence", async () => {
    const withHidden = mesh.filter(
      ({ objects, mesh, hidden = [] }) =>
        hidden.length > 0 &&
        judge(readMesh(objects, mesh)).some(({ verdict }) => verdict === "violation"),
    );
    const property = fc.asyncProperty(withHidden, async (question) => {
      const { objects, hidden = [] } = question;
      const before = await reports(stackOf(objects), question, "proxied");
      const after = await reports(blanked(objects, hidden), question, "proxied");
      assert.deepEqual(
        after.filter(({ message }) => message.startsWith("can't run")),
        [],
      );
      const said = after.filter(({ policy }) => policy === VIOLATION || policy === UNDECIDED);
      const violations = before.filter(({ policy }) => policy === VIOLATION);
      assert.notEqual(violations.length, 0);
      for (const violation of violations) {
        const alias = aliasIn(violation)!;
        // An alias whose own name is hidden goes by another name.
        const isNamed = !hidden.some(
          ({ object, path }) => object.endsWith(` ${alias}`) && path[0] === "metadata",
        );
        assert.ok(
          said.some(({ message }) => !isNamed || message.includes(alias)),
          `${violation.message}\n--- became ---\n${JSON.stringify(after, undefined, 2)}`,
        );
      }
    });
    await fc.assert(property, { numRuns: RUNS });
  });
});
