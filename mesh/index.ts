/**
 * How Istio reads a set of Kubernetes objects: which rule a client's sidecar follows towards each
 * host, and what TLS comes of it. Pure functions on plain objects; imports no other folder.
 *
 * This file is all that the rest of the repository, and other programs, import.
 */

// What goes in: objects, and the facts that they don't say.
export * from "./input/kube-object.js";
export {
  byFact,
  DEFAULT_FACTS,
  type Fact,
  FACTS,
  type FactValue,
  type MeshFacts,
  NEWEST_VERSION,
  OUTBOUND_TRAFFIC_POLICIES,
} from "./input/mesh-facts.js";
export { groupOf, isIstios, isRead, type Kind, KINDS, kindSpec } from "./input/kinds.js";
export {
  externalNameIsAlias,
  hasAliasSwitch,
  isBefore,
  istioVersionMistake,
  trustsSystemAuthorities,
} from "./input/istio-version.js";
export { hostPatternMistake, resolveHost } from "./input/hosts.js";
export {
  at,
  isPlain,
  items,
  text,
  texts,
  wholeNumber,
  type Plain,
  compareText,
  groupBy,
} from "./input/plain.js";

// What istiod makes of them.
export { readMesh, type Mesh } from "./mesh.js";
export type { DestinationRule } from "./rules/destination-rule.js";
export { resolvePolicy, type RuleLevel, type TlsMode } from "./rules/traffic-policy.js";
export { derivedTls } from "./rules/backend-tls-policy.js";
export type { Client, Dataplane } from "./scope/client.js";
export { clustersOf, type Cluster } from "./clusters/clusters.js";
export type { EffectiveTls } from "./clusters/effective-tls.js";

// What a rehearsal of an upgrade reads of a mesh besides.
export { type Path, unknownPaths } from "./input/unknowns.js";
export { exportedTo } from "./registry/registry.js";
export { terminalOf } from "./registry/external-names.js";
export type { Service } from "./registry/service.js";
export type { ConsolidatedRule } from "./rules/destination-rule-index.js";
export { importedService } from "./scope/imported-service.js";
export { findUncertainty } from "./unknown/partial-objects.js";
export { rulesFollowedTowards } from "./findings/followed-rules.js";
export { objectName } from "./explain/advice-objects.js";

// What comes of it for external aliases.
export { externalAliases, type Alias, type AliasReason } from "./verdicts/alias.js";
export { ANY_OTHER, defaultClients } from "./verdicts/default-clients.js";
export type { CompletedValue, Verdict, Witness } from "./verdicts/verdict.js";
export { judge, judgeApiServer } from "./judge.js";
export { IncrementalJudge, type HostVerdicts } from "./incremental/incremental-judge.js";

// The way of one call.
export { dataplanesOf } from "./call/capture.js";
export { outcomesOf } from "./call/outcomes.js";
export { judgeCall, type CallAnswer, type CallVerdict, type Hop } from "./verdicts/call-verdict.js";
export type { TlsIntent } from "./verdicts/call-intent.js";
export { aliasOfCall, callsTo, judgeCalls, type SharedCallVerdict } from "./verdicts/calls.js";
export { explainCall, hopLine, type CallExplanation } from "./explain/explain-call.js";
export type {
  Call,
  CallOutcome,
  ClusterTls,
  Sends,
  UndecidedCall,
  ViaCluster,
  ViaWaypoint,
} from "./call/call.js";

// What is found beside the verdicts.
export { inertRules, type InertReason, type InertRule } from "./findings/inert-rules.js";
export { shadowedRules, type ShadowedRule } from "./findings/shadowed-rules.js";
export { unprovenVersion } from "./findings/unproven-version.js";
export { unmodelled, type Unmodelled } from "./findings/unmodelled.js";
export { apiServerNotes, type ApiServerNote } from "./explain/api-server.js";
export { explain, type Explanation } from "./explain/explain.js";
export { visible } from "./explain/visible.js";
export { witnessWords } from "./explain/witness-words.js";
