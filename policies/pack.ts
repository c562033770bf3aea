import {
  type EnforcementLevel,
  type Policies,
  PolicyPack,
  type PolicyPackConfig,
  type ResourceValidationPolicy,
  type StackValidationPolicy,
} from "@pulumi/policy";
import { kubeObjects } from "./adapter.js";
import { type EngineRequests, engineRequests } from "./engine-requests.js";
import type { Remedy, PolicyRule, RuleMetadata } from "./rule.js";
import { rules } from "./rules/index.js";
import { Run } from "./run.js";
import { type EgressSettings, settingsSchema } from "./settings.js";

export { type EgressSettings, SettingsError } from "./settings.js";

/** What a pack of your own says in code rather than in a configuration file. */
export interface EgressPackArgs extends EgressSettings {
  /** Levels other than the rules' own, by rule name, or `all`. */
  levels?: Record<string, EnforcementLevel>;
}

/**
 * The pack, as a class for programs that keep their policies in code.
 *
 * @example everything as it comes
 * new EgressPolicyPack();
 * @example hosts that another stack declares, and what couldn't be judged fails the preview
 * new EgressPolicyPack({
 *   externalHosts: ["my-wikipedia.default.svc.cluster.local"],
 *   levels: { "egress-undecided-tls": "mandatory" },
 * });
 * @example one violation that someone answers for
 * new EgressPolicyPack({
 *   waivers: [{ alias: "default/my-ldap", who: "team-directory", why: "moves into the mesh", until: "2027-03-31" }],
 * });
 * @throws SettingsError if the settings can't be used
 */
export class EgressPolicyPack extends PolicyPack {
  constructor({ levels, ...settings }: EgressPackArgs = {}, name = "istio-egress") {
    const args = {
      displayName: "Istio egress",
      description: "No Istio mutual TLS towards servers that can't speak it.",
      tags: ["istio", "kubernetes", "egress", "tls"],
      policies: egressPolicies(settings),
    };
    super(name, args, levels satisfies PolicyPackConfig | undefined);
  }
}

/**
 * The pack's rules as policies, for a pack that has others besides. Keep them together and in
 * order: `egress-settings` comes first and reads the configuration for all.
 *
 * @param settings below what a configuration file says
 * @param engine what the engine has sent; @default what it sends this process
 * @throws SettingsError if the settings can't be used
 */
export function egressPolicies(
  settings: EgressSettings = {},
  now: () => Date = () => new Date(),
  engine: () => EngineRequests = engineRequests,
): Policies {
  const run = new Run(settings, now, engine);
  return rules.map((rule) => policyOf(rule, run));
}

type AnyPolicy = ResourceValidationPolicy | StackValidationPolicy;

/** Makes a policy of a rule: the only place where rules and the SDK meet. */
function policyOf(rule: PolicyRule, run: Run): AnyPolicy {
  const { metadata, checkObject, checkStack, checkSettings, remedies } = rule;
  if (checkSettings) return settingsPolicy(metadata, checkSettings, run);
  const policy: Partial<ResourceValidationPolicy & StackValidationPolicy> = {};
  if (checkObject) {
    policy.validateResource = (args, report) => {
      run.report(metadata.name, report, (circumstances) =>
        kubeObjects(args, circumstances.settings).flatMap((seen) =>
          checkObject(seen, circumstances),
        ),
      );
    };
  }
  if (checkStack) {
    policy.validateStack = ({ resources }, report) => {
      run.report(metadata.name, report, (circumstances) =>
        run
          .judge(resources, circumstances.settings)
          .flatMap((judgement) => checkStack(judgement, circumstances)),
      );
      run.leaveGrounds();
    };
  }
  if (remedies) {
    policy.remediateResource = (args) => {
      // What can't be used is said where the resource is judged.
      const circumstances = run.circumstances(metadata.name);
      if (!circumstances) return undefined;
      const needed = kubeObjects(args, circumstances.settings).flatMap((seen) =>
        remedies(seen, circumstances).map((remedy) => ({
          ...remedy,
          holder: [...seen.path, ...remedy.holder],
        })),
      );
      for (const remedy of needed) apply(remedy, args.props);
      return needed.length > 0 ? args.props : undefined;
    };
  }
  return { ...metadata, ...policy };
}

/** Writes through the SDK's proxies, which keep what is secret. */
function apply({ holder, field, value }: Remedy, properties: Record<string, unknown>): void {
  const target = holder.reduce<unknown>(
    (at, step) => (at as Record<string | number, unknown>)[step],
    properties,
  );
  (target as Record<string, unknown>)[field] = value;
}

/**
 * The policy that reads the configuration. The engine configures policies one by one and each sees
 * only its own, so this one comes first, in both kinds of calls, and reads it for all.
 */
function settingsPolicy(
  metadata: RuleMetadata,
  check: NonNullable<PolicyRule["checkSettings"]>,
  run: Run,
): AnyPolicy {
  const policy: ResourceValidationPolicy & StackValidationPolicy = {
    ...metadata,
    configSchema: { properties: settingsSchema() },
    validateResource: (args, report) => {
      run.configure(args.getConfig());
      run.circumstances(metadata.name, report);
    },
    validateStack: (args, report) => {
      run.configure(args.getConfig());
      run.report(metadata.name, report, check);
      run.leaveGrounds();
    },
  };
  return policy;
}
