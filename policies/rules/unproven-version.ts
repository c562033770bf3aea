import { unprovenVersion } from "../../mesh/index.js";
import { type PolicyRule, framework, ISTIO_TASK } from "../rule.js";
import { entry } from "../wording.js";

/** What is said of an Istio that no test compares with the model is less sure, and that is reported. */
export const unprovenVersionRule: PolicyRule = {
  metadata: {
    name: "egress-unproven-version",
    displayName: "The mesh's Istio was compared with the model",
    description: "No test compares the model with the istiod of this version of Istio.",
    enforcementLevel: "advisory",
    severity: "low",
    framework: framework("Versions"),
    tags: ["istio", "version"],
    remediationSteps:
      "Look at the versions page for what the answers rest on. Name a version that is compared in mesh.istioVersion " +
      "once istiod has been upgraded to it.",
    url: ISTIO_TASK,
  },
  why: `The answers of all rules depend on the version of Istio in the catalogue or in the settings. The model is
compared with istiods of several versions ([versions](../versions.md)). Others are judged by what their sources say,
or as the nearest known version is, and an answer about them may be wrong where that version differs. Raise the level
to mandatory to stop a change there.`,
  checkStack: ({ mesh, verdicts }) => {
    const why = verdicts.length === 0 ? undefined : unprovenVersion(mesh.facts);
    if (why === undefined) return [];
    return [{ message: entry("less sure", why) }];
  },
};
