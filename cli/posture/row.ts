import { z } from "zod";

/**
 * What one client gets towards one port of one alias. Plain data: it is written as JSON, and read again to be
 * compared with; this schema is both its type and its check.
 */
export const postureRow = z.object({
  /** `namespace/name` of what stands for the outside. */
  alias: z.string(),
  /** What it stands for: an external name, or the first addresses. */
  target: z.string(),
  /** As `--client` takes it: `namespace`, `namespace:label=value`, `namespace (gateway)`. */
  client: z.string(),
  /** 0: any. */
  port: z.int(),
  /** "" for the cluster without a subset. */
  subset: z.string(),
  /** What the alias's own rule says is meant. */
  declared: z.enum(["DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL", "none", "unknown"]),
  tls: z.enum([
    ...["PLAIN", "AUTO", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"],
    ...["no cluster", "no sidecar", "unknown"],
  ] as const),
  /** Who checks that the server is the one that is meant. */
  verifier: z.enum([
    ...["sidecar", "sidecar, any name", "workload", "workload, if it encrypts"],
    ...["nobody", "unknown"],
  ] as const),
  verdict: z.enum(["ok", "violation", "undecided"]),
  /** Of a violation: whether a cluster is sent, or the rule has none to act on. */
  kind: z.enum(["live", "declared"]).exactOptional(),
  /** `namespace/name` of the rule that the deciding `tls` stands in. */
  rule: z.string().exactOptional(),
  /** Where in that rule. */
  level: z.enum(["top", "port", "subset", "subset-port"]).exactOptional(),
  /** What becomes of the call, where that is more than the TLS of the alias's own cluster says. */
  call: z.string().exactOptional(),
  /** What is wrong or not known, in words; absent where all is well. */
  finding: z.string().exactOptional(),
  /** What to do about it. */
  fix: z.string().exactOptional(),
});

export type PostureRow = z.output<typeof postureRow>;

/** All effective TLS of a set of objects. */
export const posture = z.object({
  /** Where the objects came from, for people: a stack, files. */
  source: z.string(),
  /** The version of Istio that it is judged by. @default the newest */
  istioVersion: z.string().exactOptional(),
  rows: z.array(postureRow),
  /** What couldn't be seen, a sentence each. */
  notes: z.array(z.string()),
});

export type Posture = z.output<typeof posture>;
