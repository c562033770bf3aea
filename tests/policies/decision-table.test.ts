import assert from "node:assert/strict";
import type { KubeObject } from "../../mesh/index.js";
import { egressPolicies } from "../../policies/pack.js";
import { type Way, itBothWays, kubernetesResource, preview } from "../harness/index.js";
import { DECISIONS, type Decision } from "../mesh/decisions.js";
import { namespaces } from "../mesh/objects.js";

const VIOLATION = "egress-disallow-istio-mutual";
const UNDECIDED = "egress-undecided-tls";

/** The row's objects as resources; one whose creation is known is one that the API server has. */
function resourceOf(object: KubeObject) {
  const given = object.metadata as Record<string, unknown>;
  const metadata = given.creationTimestamp ? { ...given, resourceVersion: "1" } : given;
  return kubernetesResource({ ...object, metadata: metadata });
}

async function rulesReporting({ objects, facts = {} }: Decision, way: Way): Promise<string[]> {
  const { clusterCidrs = [], externalHosts = [], ...mesh } = facts;
  const policies = egressPolicies({ mesh, clusterCidrs, externalHosts });
  const resources = [...objects, ...namespaces("n", "x", "y")].map(resourceOf);
  const reports = await preview(policies, resources, { way });
  return [...new Set(reports.map(({ policy }) => policy))];
}

describe("the decision table, as the pack decides it", () => {
  for (const decision of DECISIONS) {
    const { row, title, violation } = decision;
    itBothWays(`${row}: ${title}: ${violation}`, async (way) => {
      const reporting = await rulesReporting(decision, way);
      assert.equal(reporting.includes(VIOLATION), violation.startsWith("yes"), String(reporting));
      if (violation === "undecided") assert.ok(reporting.includes(UNDECIDED), String(reporting));
      if (violation === "no") assert.ok(!reporting.includes(UNDECIDED), String(reporting));
    });
  }
});
