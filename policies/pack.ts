import { isDeepStrictEqual } from "node:util";
import {
  type EnforcementLevel,
  type Policies,
  PolicyPack,
  type PolicyPackConfig,
  type ReportViolation,
  type ResourceValidationPolicy,
  type StackValidationPolicy,
} from "@pulumi/policy";
import { kubeObjects } from "./adapter.js";
import { judgeOnce } from "./judgement.js";
import type { Circumstances, Finding, Remedy, Rule, RuleMetadata } from "./rule.js";
import { rules } from "./rules/index.js";
import {
  type EgressSettings,
  type ResolvedSettings,
  resolveSettings,
  SettingsError,
  settingsSchema,
} from "./settings.js";
import { type StackConfiguration, stackConfiguration } from "./stack-configuration.js";
import { CATALOGUE, underCatalogue } from "./stack-facts.js";
import { compareText } from "./stack-object.js";
import { waiverOf } from "./waivers.js";

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
 * @param stack the configuration of the stack that is judged; @default what the engine says
 * @throws SettingsError if the settings can't be used
 */
export function egressPolicies(
  settings: EgressSettings = {},
  now: () => Date = () => new Date(),
  stack: () => StackConfiguration = stackConfiguration,
): Policies {
  const run = new Run(settings, now, stack);
  return rules.map((rule) => policyOf(rule, run));
}

/** What the rules of one pack share while it runs. */
class Run {
  readonly judge = judgeOnce();
  /** Undefined while the configuration can't be used. */
  settings: ResolvedSettings | undefined;
  /** What is wrong with the configuration, until it has been said. */
  private complaint = "";
  private configured = "";

  constructor(
    private readonly given: EgressSettings,
    readonly now: () => Date,
    private readonly stack: () => StackConfiguration,
  ) {
    this.settings = resolveSettings(given);
  }

  /**
   * Takes what the engine passes on to `egress-settings`, `{}` where nobody configured anything, and
   * what the stack's catalogue states.
   */
  configure(configuration: EgressSettings): void {
    const stack = this.stack();
    const text = JSON.stringify([configuration, stack.get(CATALOGUE)]);
    if (text === this.configured) return;
    this.configured = text;
    try {
      this.settings = underCatalogue(resolveSettings(this.given, configuration), stack);
      this.complaint = "";
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      this.settings = undefined;
      this.complaint = error.message;
    }
  }

  /** Says once what is wrong with the configuration. */
  complain(report: ReportViolation): void {
    if (this.complaint) report(this.complaint);
    this.complaint = "";
  }

  /** Reports what a check finds and no waiver covers, in a fixed order. */
  tell(
    policy: string,
    report: ReportViolation,
    check: (circumstances: Circumstances) => Finding[],
  ): void {
    const { settings } = this;
    if (!settings) return;
    const now = this.now();
    check({ settings, now })
      .filter(({ about }) => !about || !waiverOf(settings.waivers, { policy, ...about }, now))
      .sort((a, b) => compareText(a.message, b.message))
      // A provider that may lead to two clusters is judged in both.
      .filter((one, index, all) => index === 0 || !isDeepStrictEqual(one, all[index - 1]))
      .forEach(({ message, urn }) => report(message, urn));
  }
}

type AnyPolicy = ResourceValidationPolicy | StackValidationPolicy;

/** Makes a policy of a rule: the only place where rules and the SDK meet. */
function policyOf(rule: Rule, run: Run): AnyPolicy {
  const { metadata, checkObject, checkStack, checkSettings, remedies } = rule;
  if (checkSettings) return settingsPolicy(metadata, checkSettings, run);
  const policy: Partial<ResourceValidationPolicy & StackValidationPolicy> = {};
  if (checkObject) {
    policy.validateResource = (args, report) => {
      run.tell(metadata.name, report, (circumstances) =>
        kubeObjects(args, circumstances.settings).flatMap((seen) =>
          checkObject(seen, circumstances),
        ),
      );
    };
  }
  if (checkStack) {
    policy.validateStack = ({ resources }, report) => {
      run.tell(metadata.name, report, (circumstances) =>
        run
          .judge(resources, circumstances.settings)
          .flatMap((judgement) => checkStack(judgement, circumstances)),
      );
    };
  }
  if (remedies) {
    policy.remediateResource = (args) => {
      const { settings } = run;
      if (!settings) return undefined;
      const circumstances = { settings, now: run.now() };
      const needed = kubeObjects(args, settings).flatMap((seen) =>
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
  check: NonNullable<Rule["checkSettings"]>,
  run: Run,
): AnyPolicy {
  const policy: ResourceValidationPolicy & StackValidationPolicy = {
    ...metadata,
    configSchema: { properties: settingsSchema() },
    validateResource: (args, report) => {
      run.configure(args.getConfig());
      run.complain(report);
    },
    validateStack: (args, report) => {
      run.configure(args.getConfig());
      run.complain(report);
      run.tell(metadata.name, report, check);
    },
  };
  return policy;
}
