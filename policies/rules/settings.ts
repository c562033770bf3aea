import { type PolicyRule, framework, ISTIO_TASK } from "../rule.js";
import { describeWaiver, isExpired } from "../waivers.js";
import { entry } from "../wording.js";

/** The settings of all rules can be used, and no waiver in them is past its day. */
export const settings: PolicyRule = {
  metadata: {
    name: "egress-settings",
    displayName: "Settings of the pack are in order",
    description: "The pack's settings must be usable, and its waivers must not have expired.",
    enforcementLevel: "mandatory",
    severity: "medium",
    framework: framework("Settings"),
    tags: ["settings", "waiver"],
    remediationSteps:
      "Correct the setting that the message names; renew or remove an expired waiver.",
    url: ISTIO_TASK,
  },
  why: `The settings of all rules stand here, because the engine lets a rule see no settings but its
own. Without this rule (level \`disabled\`) the others use the defaults. What the stack's catalogue
states of the mesh holds, and a setting that says otherwise is refused. A waiver says who answers for
a violation, why, and until when; after its last day it fails, so that it is renewed or removed by
someone and not forgotten.`,
  checkSettings: ({ settings: { waivers }, now }) =>
    waivers
      .filter((waiver) => isExpired(waiver, now))
      .map((waiver) => ({
        message: [
          `${describeWaiver(waiver)} has expired.`,
          entry("why it was given", waiver.why),
          entry("instead", "fix what it covers, or set a later day if it is still accepted"),
        ].join("\n"),
      })),
};
