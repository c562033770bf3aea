import type { KubeObject } from "../input/kube-object.js";
import type { MeshFacts } from "../input/mesh-facts.js";
import type { Client } from "../scope/client.js";

/** A set of objects under two versions of Istio. */
export interface Situation {
  objects: readonly KubeObject[];
  facts: Partial<MeshFacts>;
  from: string;
  to: string;
  clients: readonly Client[];
}
