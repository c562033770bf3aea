import type {
  Call,
  CallOutcome,
  Client,
  EffectiveTls,
  KubeObject,
  MeshFacts,
} from "../../mesh/index.js";

import type { HiddenValue } from "./hidden.js";

/** A mesh and the clients to ask about: one line of input, the same for istiod and for `judge --json-lines`. */
export interface Question {
  id: string;
  objects: KubeObject[];
  clients: Client[];
  mesh: Partial<MeshFacts>;
  /** What to hide from the model, which must then not be sure of anything that istiod denies. */
  hidden?: HiddenValue[];
  /** What the clients call; absent: nobody asks. */
  calls?: AskedCall[];
  /** Whether all that istiod sends to the clients shall be in the answer. */
  resources?: boolean;
}

/** A call of one of a question's clients, who is named by its index. */
export interface AskedCall extends Omit<Call, "client"> {
  client: number;
}

/** What istiod sends to a client, in Envoy's own JSON with the field names of its protocol buffers. */
export interface Resources {
  listeners: Resource[];
  routes: Resource[];
  clusters: Resource[];
  endpoints: Resource[];
}

/** One resource of Envoy's. */
export type Resource = Record<string, unknown>;

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

/** An outcome, or that no Envoy takes the listener that istiod sends. */
export type AnsweredOutcome = CallOutcome | { via: "refused" };

/** What istiod said about a {@link Question}: the clusters of each client, or why it couldn't. */
export interface Answer {
  id: string;
  clients?: { clusters: Outbound[]; resources?: Resources }[];
  /** What Envoy would do with each call, given what istiod sends; several outcomes where a route has weights. */
  calls?: AnsweredOutcome[][];
  /** Istio objects that the validating webhook would refuse, and why. */
  refused?: string[];
  error?: string;
}
