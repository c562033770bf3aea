import type { Client, KubeObject, MeshFacts } from "../../mesh/index.js";

/** A set of objects under two versions of Istio. */
export interface Situation {
  objects: readonly KubeObject[];
  facts: Partial<MeshFacts>;
  from: string;
  to: string;
  clients: readonly Client[];
}
