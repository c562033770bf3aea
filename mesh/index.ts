/**
 * How Istio reads a set of Kubernetes objects: which rule a client's sidecar follows towards each
 * host, and what TLS comes of it. Pure functions on plain objects; imports nothing of ours.
 */
export * from "./objects.js";
export * from "./facts.js";
export * from "./verdict.js";
