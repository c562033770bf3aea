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
const NAMES = ["alias", "rule", "host", "resource"] as const;

type Name = (typeof NAMES)[number];

/** What violations of the policies about ISTIO_MUTUAL are named by. */
const OF_MUTUAL_TLS: readonly Name[] = ["alias", "rule", "host"];

/** What the violations of each policy are named by. The others have settings of their own. */
export const WAIVABLE: Readonly<Record<string, readonly Name[]>> = {
  "egress-disallow-istio-mutual": OF_MUTUAL_TLS,
  "egress-disallow-istio-mutual-external-host": OF_MUTUAL_TLS,
  "egress-undecided-tls": ["alias", "host", "resource"],
  "egress-inert-rule": OF_MUTUAL_TLS,
  "egress-shadowed-rule": OF_MUTUAL_TLS,
  "egress-call": ["alias", "host"],
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
    resource: z
      .string()
      .optional()
      .describe("Pulumi's name of a resource whose effects no policy sees."),
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
  .refine((named) => NAMES.some((name) => named[name]), {
    error: "say what is waived: an alias, a rule, a host or a resource",
  })
  .superRefine(({ policy, ...named }, context) => {
    const names = (policy && WAIVABLE[policy]) || OF_MUTUAL_TLS;
    for (const name of NAMES.filter((name) => named[name] !== undefined && !names.includes(name))) {
      const message = `${policy ?? "a waiver without a policy"} names nothing by its ${name}; write ${names.join(" or ")}`;
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
  /** Pulumi's name. */
  resource?: string;
}

/** The policies that a waiver without a `policy` speaks of. */
const MUTUAL_TLS_POLICIES = [
  "egress-disallow-istio-mutual",
  "egress-disallow-istio-mutual-external-host",
];

/** Whether a waiver speaks of a violation: everything it names must agree. */
function speaksOf(waiver: Waiver, violation: Waivable): boolean {
  const policies = waiver.policy ? [waiver.policy] : MUTUAL_TLS_POLICIES;
  return (
    policies.includes(violation.policy) &&
    (waiver.alias === undefined || waiver.alias === violation.alias) &&
    (waiver.rule === undefined || waiver.rule === violation.rule) &&
    (waiver.resource === undefined || waiver.resource === violation.resource) &&
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
export function describeWaiver({ who, until, ...named }: Waiver): string {
  const about = NAMES.map((name) => named[name] && `${name} ${named[name]}`);
  return `The waiver for ${about.filter(Boolean).join(", ")} (${who}, until ${until})`;
}
