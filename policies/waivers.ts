import { z } from "zod";

/** A day: `2026-12-31`. Checked here and not by a schema's pattern, for the sake of the message. */
const day = z
  .string()
  .refine(isDay, { error: (issue) => `"${String(issue.input)}" is not a day such as 2026-12-31` });

function isDay(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text) && text.length === 10;
}

/** What a waiver can name a violation by. */
const NAMES = ["alias", "rule", "host"] as const;

type Name = (typeof NAMES)[number];

/** What the violations of each policy are named by. The others' are mended by settings of their own. */
export const WAIVABLE: Readonly<Record<string, readonly Name[]>> = {
  "egress-disallow-istio-mutual": NAMES,
  "egress-disallow-istio-mutual-external-host": NAMES,
  "egress-undecided-tls": ["alias", "host"],
  "egress-inert-rule": NAMES,
  "egress-shadowed-rule": NAMES,
  "egress-origination-verifies-server": ["rule", "host"],
  "egress-external-address": ["alias"],
  "egress-port-protocol": ["alias"],
};

const policyName = z.string().refine((name) => Object.hasOwn(WAIVABLE, name), {
  error: ({ input }) =>
    `"${String(input)}" is not a policy that can be waived; write one of ${Object.keys(WAIVABLE).join(", ")}`,
});

const objectName = z.string().regex(/^[^/]+\/[^/]+$/, "namespace/name");

/** A violation that someone answers for until a day. */
export const waiver = z
  .strictObject({
    alias: objectName.optional().describe("The alias's Service, as namespace/name."),
    rule: objectName.optional().describe("The DestinationRule, as namespace/name."),
    host: z.string().optional().describe("The host in full, or *.suffix."),
    policy: policyName
      .optional()
      .describe("The policy that is waived. Default: those about ISTIO_MUTUAL."),
    who: z.string().min(1).describe("Who answers for it."),
    why: z.string().min(1).describe("The reason."),
    until: day.describe("The last day on which it holds (UTC), as 2026-12-31."),
    mode: z
      .enum(["DISABLE"])
      .optional()
      .describe("What a remediation may write although it is plaintext."),
  })
  .refine(({ alias, rule, host }) => alias ?? rule ?? host, {
    error: "say what is waived: an alias, a rule or a host",
  })
  .superRefine(({ policy, ...named }, context) => {
    const names = (policy && WAIVABLE[policy]) || NAMES;
    for (const name of NAMES.filter((name) => named[name] !== undefined && !names.includes(name))) {
      const message = `${policy} names nothing by its ${name}; write ${names.join(" or ")}`;
      context.addIssue({ code: "custom", path: [name], message });
    }
  });

/** A waiver, checked. */
export type Waiver = z.output<typeof waiver>;

/** What a violation is about, as waivers name it. */
export interface Waivable {
  policy: string;
  /** `namespace/name` */
  alias?: string;
  /** `namespace/name` */
  rule?: string;
  /** In full. */
  host?: string;
}

/** The policies that a waiver without a `policy` speaks of. */
export const MUTUAL_TLS_POLICIES = [
  "egress-disallow-istio-mutual",
  "egress-disallow-istio-mutual-external-host",
];

/** Whether a waiver speaks of a violation: everything it names must agree. */
export function speaksOf(waiver: Waiver, violation: Waivable): boolean {
  const policies = waiver.policy ? [waiver.policy] : MUTUAL_TLS_POLICIES;
  return (
    policies.includes(violation.policy) &&
    (waiver.alias === undefined || waiver.alias === violation.alias) &&
    (waiver.rule === undefined || waiver.rule === violation.rule) &&
    (waiver.host === undefined || covers(waiver.host, violation.host))
  );
}

/** Whether a pattern (a host, or `*.suffix`) covers a host. */
export function covers(pattern: string, host: string | undefined): boolean {
  if (host === undefined) return false;
  return pattern.startsWith("*.") ? host.endsWith(pattern.slice(1)) : host === pattern;
}

/** Whether a waiver's last day is over. */
export function isExpired(waiver: Waiver, now: Date): boolean {
  return now.getTime() >= Date.parse(`${waiver.until}T00:00:00Z`) + 24 * 60 * 60 * 1000;
}

/** The waiver that holds for a violation, if any. */
export function waiverOf(
  waivers: readonly Waiver[],
  violation: Waivable,
  now: Date,
): Waiver | undefined {
  return waivers.find((waiver) => !isExpired(waiver, now) && speaksOf(waiver, violation));
}

/** A waiver in words, for the message about it. */
export function describeWaiver({ alias, rule, host, who, until }: Waiver): string {
  const about = [alias && `alias ${alias}`, rule && `rule ${rule}`, host && `host ${host}`];
  return `The waiver for ${about.filter(Boolean).join(", ")} (${who}, until ${until})`;
}
