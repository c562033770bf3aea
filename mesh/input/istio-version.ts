import { type MeshFacts, NEWEST_VERSION } from "./mesh-facts.js";

type Version = Pick<MeshFacts, "istioVersion">;
type AliasFacts = Pick<MeshFacts, "istioVersion" | "externalNameAlias">;

/** What is wrong with a version as someone wrote it, and what to write; undefined if it is one of Istio's. */
export function istioVersionMistake(version: string): string | undefined {
  return /^1\.\d+(\.\d+)?([-+][\w.+-]+)?$/.test(version)
    ? undefined
    : `"${version}" isn't a version of Istio; write one such as "${NEWEST_VERSION}"`;
}

/** Whether it is of a later minor version than the newest one that is known here; not one that can't be read. */
export function isNewerThanKnown(istioVersion: string): boolean {
  const newest = Number(NEWEST_VERSION.replace("1.", ""));
  return /^v?1\.\d/.test(istioVersion) && !isBefore(newest + 1, { istioVersion });
}

/** Whether it is older than Istio 1.`minor`; anything that can't be read counts as the newest. */
export function isBefore(minor: number, { istioVersion }: Version): boolean {
  const match = /^v?1\.(\d+)/.exec(istioVersion);
  return match !== null && Number(match[1]) < minor;
}

/**
 * Whether it is older than Istio 1.`minor`.`patch`. A version without a patch is the last of its minor
 * version; a build in development (`1.22-alpha.…`) is older than the first release.
 */
function isBeforePatch(minor: number, patch: number, { istioVersion }: Version): boolean {
  const match = /^v?1\.(\d+)(?:\.(\d+)|(-))?/.exec(istioVersion);
  if (!match || Number(match[1]) !== minor) return isBefore(minor, { istioVersion });
  const inDevelopment = match[3] !== undefined;
  return inDevelopment || (match[2] !== undefined && Number(match[2]) < patch);
}

/** Whether virtual hosts are made by hosts in lower case, and lead to clusters of such names: from Istio 1.22. */
export function lowersVirtualHosts(facts: Version): boolean {
  return !isBeforePatch(22, 0, facts);
}

/**
 * Whether routes of the Gateway API are read by default: TLSRoutes from Istio 1.30, TCPRoutes from 1.31
 * (before that with PILOT_ENABLE_ALPHA_GATEWAY_API, which isn't modelled).
 */
export function readsGatewayApiRoute(kind: string, facts: Version): boolean {
  if (kind === "TLSRoute") return !isBefore(30, facts);
  return kind !== "TCPRoute" || !isBefore(31, facts);
}

/** Whether istiod has ENABLE_EXTERNAL_NAME_ALIAS: it came with Istio 1.20 and went with 1.24. */
export function hasAliasSwitch(facts: Version): boolean {
  return !isBefore(20, facts) && isBefore(24, facts);
}

/**
 * Whether an ExternalName Service is an alias of its target, without a cluster of its own:
 * always from Istio 1.24; by default from 1.21; on request in 1.20; never before.
 */
export function externalNameIsAlias(facts: AliasFacts): boolean {
  const byDefault = !isBefore(21, facts);
  return hasAliasSwitch(facts) ? (facts.externalNameAlias ?? byDefault) : byDefault;
}

/**
 * Whether a sidecar that is to start TLS, and has no certificates to trust, trusts the
 * system's: from Istio 1.21; before that it checks nothing (VERIFY_CERTIFICATE_AT_CLIENT).
 */
export function trustsSystemAuthorities(facts: Version): boolean {
  return !isBefore(21, facts);
}

/** Whether a Sidecar's egress hosts may take hosts away by `~`: from Istio 1.31. */
export function sidecarsExclude(facts: Version): boolean {
  return !isBefore(31, facts);
}

/**
 * Whether a VirtualService's destination that several namespaces register is a Service rather than
 * a ServiceEntry, and the oldest one: from Istio 1.30 (PILOT_SIDECAR_PICK_BEST_SERVICE_NAMESPACE).
 * Before that it is the one of the first namespace by name.
 */
export function picksBestNamespace(facts: Version): boolean {
  return !isBefore(30, facts);
}

/**
 * Whether a VirtualService for an ExternalName, or one that leads to it, is followed as one for a Service is: from
 * Istio 1.22.0. Before that its host is a name like any other, and calls that are led there have no cluster.
 */
export function routesAliases(facts: Version): boolean {
  return !isBeforePatch(22, 0, facts);
}

/**
 * Whether a VirtualService's wildcard host that covers no service of a port is a name there: from Istio 1.22.0. Before
 * that it isn't where any VirtualService is about any service of the port.
 */
export function keepsOtherWildcards(facts: Version): boolean {
  return !isBeforePatch(22, 0, facts);
}

/** Whether rules with a workloadSelector come before all others, whatever their age: from Istio 1.22. */
export function putsSelectorsFirst(facts: Version): boolean {
  return !isBefore(22, facts);
}

/**
 * Whether rules of one host and namespace are merged only if one's exportTo holds the other's: from
 * Istio 1.24 (ENABLE_ENHANCED_DESTINATIONRULE_MERGE). Before that all are, under the first exportTo that
 * is written.
 */
export function keepsVisibilitiesApart(facts: Version): boolean {
  return !isBefore(24, facts);
}

/**
 * Whether a client without a Sidecar imports as one whose Sidecar names everything, and a Service of
 * Kubernetes is preferred in both: from Istio 1.24 (PILOT_UNIFIED_SIDECAR_SCOPE).
 */
export function unifiesScopes(facts: Version): boolean {
  return !isBefore(24, facts);
}

/**
 * Whether a client without a Sidecar gets the clusters of all services of a host, and one with a Sidecar the ports of
 * all that one namespace has, whatever registry they are of: up to Istio 1.21.
 */
export function keepsEveryService(facts: Version): boolean {
  return isBefore(22, facts);
}

/** Whether routes for callers of other namespaces bring nothing into a Sidecar's view: from Istio 1.24. */
export function readsSourceNamespaces(facts: Version): boolean {
  return !isBefore(24, facts);
}

/**
 * Whether the ports of one Kubernetes Service that several listeners import are put together, and
 * ServiceEntries of one host and namespace only if they are alike: from Istio 1.22.0.
 */
export function mergesLikeServices(facts: Version): boolean {
  return !isBeforePatch(22, 0, facts);
}

/** Whether spaces in the annotation `networking.istio.io/exportTo` don't matter: from Istio 1.24. */
export function trimsExportTo(facts: Version): boolean {
  return !isBefore(24, facts);
}

/**
 * Who sees what says nothing itself, by `defaultServiceExportTo` or `defaultVirtualServiceExportTo`. Only
 * from Istio 1.30.3 may it be a list of namespaces; before, `.` and then `*` count, and else nobody does.
 */
export function readDefaultExportTo(exportTo: readonly string[], facts: Version): string[] {
  if (!isBeforePatch(30, 3, facts)) return [...exportTo];
  return [[".", "*"].find((everyone) => exportTo.includes(everyone)) ?? "~"];
}

/** Whether any sidecar may use a credential in a ConfigMap (`configmap://`): from Istio 1.26. */
export function opensConfigMaps(facts: Version): boolean {
  return !isBefore(26, facts);
}

/**
 * Whether hosts that a Sidecar names exactly are looked up, which finds one service in each namespace;
 * and whether services that are exported by name come in one order, private or not: from Istio 1.31.
 */
export function looksUpExactHosts(facts: Version): boolean {
  return !isBefore(31, facts);
}

/** Whether sidecars and gateways get clusters of ServiceEntries with DYNAMIC_DNS: from Istio 1.30 (the API has it since 1.28). */
export function looksUpRequestedNames(facts: Version): boolean {
  return !isBefore(30, facts);
}

/** Whether a ServiceEntry's workloadSelector without labels selects every workload: from Istio 1.30; before, none. */
export function selectsAllWithoutLabels(facts: Version): boolean {
  return !isBefore(30, facts);
}

/** Whether endpoints of a ServiceEntry belong to a port by its number: from 1.20.7, 1.21.3 and 1.22.1. */
export function matchesPortsByNumber(facts: Version): boolean {
  if (!isBefore(23, facts)) return true;
  const [minor, patch] = [
    [22, 1],
    [21, 3],
    [20, 7],
  ].find(([first]) => !isBefore(first!, facts)) ?? [20, 0];
  return !isBefore(20, facts) && !isBeforePatch(minor!, patch!, facts);
}
