import type { EffectiveTls, RuleLevel, Verdict } from "../../mesh/index.js";
import type { DeclaredTls } from "./declared.js";

/** What a client's proxy does, or why it does nothing. */
export type PostureTls =
  | EffectiveTls
  /** istiod sends no cluster: the call passes the proxy as the workload sends it. */
  | "no cluster"
  /** The client's namespace opted out of the mesh. */
  | "no sidecar"
  | "unknown";

/** Who checks that the server is the one that is meant. */
export type Verifier =
  /** The client's proxy: the certificate and the name on it. */
  | "sidecar"
  /** The proxy takes any name that a trusted authority signed for. */
  | "sidecar, any name"
  /** The workload speaks TLS itself, through the proxy. */
  | "workload"
  /** The port's name doesn't say whether the workload does. */
  | "workload, if it encrypts"
  | "nobody"
  | "unknown";

/** What one client gets towards one port of one alias. Plain data: it is written and read as JSON. */
export interface PostureRow {
  /** `namespace/name` of what stands for the outside. */
  alias: string;
  /** What it stands for: an external name, or the first addresses. */
  target: string;
  /** As `--client` takes it: `namespace`, `namespace:label=value`, `namespace (gateway)`. */
  client: string;
  /** 0: any. */
  port: number;
  /** "" for the cluster without a subset. */
  subset: string;
  /** What the alias's own rule says is meant. */
  declared: DeclaredTls;
  tls: PostureTls;
  /** Who checks that the server is the one that is meant. */
  verifier: Verifier;
  verdict: Verdict["verdict"];
  /** Of a violation: whether a cluster is sent, or the rule has none to act on. */
  kind?: NonNullable<Verdict["kind"]>;
  /** `namespace/name` of the rule that the deciding `tls` stands in. */
  rule?: string;
  /** Where in that rule. */
  level?: RuleLevel;
  /** What becomes of the call, where that is more than the TLS of the alias's own cluster tells. */
  call?: string;
  /** What is wrong or not known, in words; absent where all is well. */
  finding?: string;
  /** What to do about it. */
  fix?: string;
}

/** All effective TLS of a set of objects. */
export interface Posture {
  /** Where the objects came from, for people: a stack, files. */
  source: string;
  /** The version of Istio that it is judged by. @default the newest */
  istioVersion?: string;
  rows: PostureRow[];
  /** What couldn't be seen, a sentence each. */
  notes: string[];
}

/** The worst is the smallest. */
export function severityOf({ verdict, kind }: Pick<PostureRow, "verdict" | "kind">): number {
  return SEVERITY.indexOf(kind === undefined ? verdict : `${verdict} ${kind}`);
}

const SEVERITY = ["violation live", "violation declared", "undecided", "ok"];
