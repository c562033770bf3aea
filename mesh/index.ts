/**
 * How Istio reads a set of Kubernetes objects: which rule a client's sidecar follows towards each
 * host, and what TLS comes of it. Pure functions on plain objects; imports nothing of ours.
 */
export * from "./objects.js";
export * from "./facts.js";
export * from "./verdict.js";
export { GROUPS, readMesh, type Mesh } from "./mesh.js";
export { clustersOf } from "./clusters.js";
export { externalAliases, type Alias, type AliasReason } from "./aliases.js";
export { ANY_OTHER, defaultClients } from "./clients.js";
export { judge } from "./judge.js";
export { inertRules, type InertReason, type InertRule } from "./inert.js";
export { shadowedRules, type ShadowedRule } from "./shadowed.js";
export { unmodelled, type Unmodelled } from "./unmodelled.js";
export { explain, type Explanation } from "./explain.js";
