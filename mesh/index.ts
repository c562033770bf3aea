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
  isNewerThanKnown,
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
  indexBy,
} from "./input/plain.js";

// What istiod makes of them.
export { readMesh, type Mesh } from "./mesh.js";
export type { DestinationRule } from "./rules/destination-rule.js";
export { resolvePolicy, type RuleLevel, type TlsMode } from "./rules/traffic-policy.js";
export { tlsBlock } from "./rules/tls-block.js";
export type { Client, Dataplane } from "./scope/client.js";
export { clustersOf, clustersTowards, type Cluster } from "./clusters/clusters.js";
export type { EffectiveTls } from "./clusters/effective-tls.js";

// What comes of it for external aliases.
export { externalAliases, type Alias, type AliasReason } from "./verdicts/alias.js";
export { ANY_OTHER, defaultClients } from "./verdicts/default-clients.js";
export { type CompletedValue, severityOf, type Verdict, type Witness } from "./verdicts/verdict.js";
export { isOutsideMesh } from "./verdicts/outside-mesh.js";
export { type ProxyTls, type Verifier, verifierOf } from "./verdicts/verifier.js";
export { judge, judgeApiServer, judgeClasses } from "./judge.js";
export type { SharedVerdicts } from "./verdicts/client-classes.js";
export { IncrementalJudge, type HostVerdicts } from "./incremental/incremental-judge.js";

// The way of one call.
export { dataplanesOf } from "./call/capture.js";
export { outcomesOf } from "./call/outcomes.js";
export type { CallAnswer, CallVerdict, Hop } from "./verdicts/call-answer.js";
export { judgeCall } from "./verdicts/call-verdict.js";
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
export { explain, summarize, type Explanation } from "./explain/explain.js";
export { visible } from "./explain/visible.js";
export { witnessWords } from "./explain/witness-words.js";

// What an upgrade of Istio changes.
export type { CallChange } from "./upgrade/call-change.js";
export type { AliasCall } from "./upgrade/calls.js";
export { type Effect, EFFECTS } from "./upgrade/effect.js";
export { asWritten, type Edit, objectRef } from "./upgrade/edits.js";
export { minorsBetween } from "./upgrade/minors.js";
export { type Rehearsal, rehearse, type Versions } from "./upgrade/rehearsal.js";
