import type { Client, EffectiveTls, KubeObject, MeshFacts } from "../../mesh/index.js";

import type { HiddenValue } from "./hidden.js";

/** A mesh and the clients to ask about: one line of input, the same for istiod and for `judge --json-lines`. */
export interface Question {
  id: string;
  objects: KubeObject[];
  clients: Client[];
  mesh: Partial<MeshFacts>;
  /** What to hide from the model, which must then not be sure of anything that istiod denies. */
  hidden?: HiddenValue[];
}

/** One outbound cluster as it is compared. */
export interface Outbound {
  host: string;
  port: number;
  /** "" for the cluster without a subset. */
  subset: string;
  tls: EffectiveTls;
  /** The DestinationRule as `namespace/name`; absent where none applies. */
  rule?: string;
}

/** What istiod said about a {@link Question}: the clusters of each client, or why it couldn't. */
export interface Answer {
  id: string;
  clients?: { clusters: Outbound[] }[];
  /** Istio objects that the validating webhook would refuse, and why. */
  refused?: string[];
  error?: string;
}
