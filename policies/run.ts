import { compareText } from "../mesh/index.js";
import { isDeepStrictEqual } from "node:util";
import type { ReportViolation } from "@pulumi/policy";
import { type EngineRequests, engineRequests } from "./engine-requests.js";
import { leaveGrounds } from "./grounds.js";
import { judgeOnce } from "./judgement.js";
import type { Circumstances, Finding } from "./rule.js";
import { withoutSecrets } from "./secrets.js";
import {
  type EgressSettings,
  type ResolvedSettings,
  resolveSettings,
  SettingsError,
} from "./settings.js";
import { CATALOGUE, underCatalogue } from "./stack-facts.js";
import { describeWaiver, waiverOf } from "./waivers.js";
import { entry } from "./wording.js";

/** The policy that the settings of all belong to. */
export const SETTINGS_POLICY = "egress-settings";

/** The settings in force, or what is wrong with them, and what they were read from. */
interface Known {
  settings?: ResolvedSettings;
  complaint?: string;
  configuration?: EgressSettings;
  catalogue?: string | undefined;
}

/** What the rules of one pack share while it runs. */
export class Run {
  readonly judge;
  private readonly waivers = new Set<string>();
  /** Policies that have said that the settings can't be used. */
  private readonly complained = new Set<string>();
  /** What `egress-settings` was handed, where the engine itself hasn't said it. */
  private handed: EgressSettings = {};
  private known: Known;

  constructor(
    private readonly given: EgressSettings,
    readonly now: () => Date,
    private readonly engine: () => EngineRequests = engineRequests,
  ) {
    this.known = { settings: resolveSettings(given) };
    this.judge = judgeOnce(() => engine().secrets);
  }

  /** Takes what the engine passes on to `egress-settings`, `{}` where nobody configured anything. */
  configure(configuration: EgressSettings): void {
    // The engine hands a copy over for each resource.
    if (!isDeepStrictEqual(configuration, this.handed)) this.handed = configuration;
  }

  /** The settings in force, or what is wrong with them. */
  private read(): Known {
    const { stack, pack } = this.engine();
    const configuration = (pack.get(SETTINGS_POLICY)?.properties ?? this.handed) as EgressSettings;
    const catalogue = stack.get(CATALOGUE);
    const from = { configuration, catalogue };
    const { known } = this;
    if (catalogue === known.catalogue && isDeepStrictEqual(configuration, known.configuration)) {
      return this.known;
    }
    this.complained.clear();
    try {
      const settings = underCatalogue(resolveSettings(this.given, configuration), stack);
      this.known = { ...from, settings };
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      this.known = { ...from, complaint: error.message };
    }
    return this.known;
  }

  /** What checks read; undefined, which each policy reports once, where the settings can't be used. */
  circumstances(policy: string, report?: ReportViolation): Circumstances | undefined {
    const { settings, complaint = "" } = this.read();
    if (!settings) {
      if (report) this.complain(policy, complaint, report);
      return undefined;
    }
    const now = this.now();
    const isWaived: Circumstances["isWaived"] = (violation) => {
      const waiver = waiverOf(settings.waivers, violation, now);
      if (waiver) this.waivers.add(describeWaiver(waiver));
      return waiver !== undefined;
    };
    return { settings, now, isWaived };
  }

  /** The policy of the settings says it for all, where it is sure to end the run. */
  private complain(policy: string, complaint: string, report: ReportViolation): void {
    if (this.complained.has(policy)) return;
    this.complained.add(policy);
    if (policy === SETTINGS_POLICY) return report(complaint);
    const level = this.engine().pack.get(SETTINGS_POLICY)?.level;
    if (level === "mandatory" || level === "remediate") return;
    report(`${entry("not judged", `${policy} needs settings that can't be used`)}\n${complaint}`);
  }

  /** Reports what a check finds and no waiver covers, in a fixed order. */
  report(
    policy: string,
    report: ReportViolation,
    check: (circumstances: Circumstances) => Finding[],
  ): void {
    const circumstances = this.circumstances(policy, report);
    if (!circumstances) return;
    const { secrets } = this.engine();
    check(circumstances)
      .filter(({ about }) => !about || !circumstances.isWaived({ policy, ...about }))
      .map(({ message, urn }) => ({ message: withoutSecrets(message, secrets), urn }))
      .sort((a, b) => compareText(a.message, b.message))
      // A provider that may lead to two clusters is judged in both.
      .filter((one, index, all) => index === 0 || !isDeepStrictEqual(one, all[index - 1]))
      .forEach(({ message, urn }) => report(message, urn));
  }

  /** Says what the answers so far rest on, if that is requested. */
  leaveGrounds(): void {
    leaveGrounds([...this.waivers], this.engine().pack);
  }
}
