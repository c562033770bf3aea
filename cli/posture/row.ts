import type { ProxyTls, RuleLevel, Verdict, Verifier } from "../../mesh/index.js";
import type { DeclaredTls } from "./declared.js";

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
  tls: ProxyTls;
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
