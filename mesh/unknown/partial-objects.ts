import { hasCompletions } from "./completions/completions.js";
import { refOf, NAMELESS, type Plain, groupBy } from "../input/plain.js";
import { HostTable } from "../input/hosts.js";
import { type Kind, kindSpec } from "../input/kinds.js";
import type { Mesh } from "../mesh.js";
import { isUnordered } from "./creation-order.js";
import { besideEntries } from "./possible-services.js";
import { unknownPaths, type Path } from "../input/unknowns.js";

/** An object with values that aren't known and make a difference. */
export interface PartialObject {
  kind: Kind;
  object: Plain;
  /** The places that can decide whether ISTIO_MUTUAL is meant. */
  paths: readonly Path[];
  /** Others can still decide which TLS there is, though not whether it is Istio's mutual TLS. */
  tlsMayVary: boolean;
  /** Undefined: not known. */
  namespace?: string;
  /** Which host or Service it is about isn't known. */
  identityUnknown: boolean;
}

/** What of a mesh isn't known: values of objects, and which of several objects is older. */
export interface Uncertainty {
  partialObjects: ReadonlyMap<Plain, PartialObject>;
  /** By host: namespaces with several rules for it whose order isn't known. */
  unorderedRules: HostTable<string[]>;
  /** Hosts of several ServiceEntries whose order isn't known. */
  unorderedEntries: ReadonlySet<string>;
  /** Namespaces with several Sidecar resources whose order isn't known. */
  unorderedSidecars: ReadonlySet<string>;
  /** Namespaces with several PeerAuthentications whose order isn't known. */
  unorderedPolicies: ReadonlySet<string>;
}

/** Finds what isn't known, or undefined where everything is. */
export function findUncertainty(mesh: Mesh): Uncertainty | undefined {
  const partialObjects = new Map<Plain, PartialObject>();
  for (const [kind, objects] of Object.entries(mesh.byKind) as [Kind, readonly Plain[]][]) {
    for (const object of objects) {
      const paths = unknownPaths(object).filter((path) => !HARMLESS.test(path.join(".")));
      if (paths.length > 0) partialObjects.set(object, partialObject(kind, object, paths));
    }
  }
  const unorderedRules = new HostTable<string[]>();
  for (const rules of groupBy(mesh.rules, (rule) => `${rule.ref.namespace}|${rule.host}`)) {
    const [first] = rules;
    if (!first || !isUnordered(rules.map((rule) => rule.object))) continue;
    const known = unorderedRules.get(first.host) ?? [];
    unorderedRules.set(first.host, [...known, first.ref.namespace]);
  }
  const entryHosts = new Set(mesh.services.flatMap((one) => (one.fromKubernetes ? [] : one.host)));
  const entries = [...entryHosts].flatMap((host) => besideEntries(mesh.registry.of(host)));
  const unordered = {
    unorderedRules,
    unorderedEntries: unorderedKeys(
      entries,
      (entry) => entry.host,
      (entry) => entry.object,
    ),
    unorderedSidecars: unorderedNamespaces(mesh.byKind.Sidecar),
    unorderedPolicies: unorderedNamespaces(mesh.byKind.PeerAuthentication),
  };
  const isCertain =
    partialObjects.size === 0 && Object.values(unordered).every((hosts) => hosts.size === 0);
  return isCertain ? undefined : { partialObjects, ...unordered };
}

function unorderedNamespaces(objects: readonly Plain[]): Set<string> {
  return unorderedKeys(
    objects,
    (object) => refOf(object).namespace,
    (object) => object,
  );
}

/** The keys of groups whose objects have no known order. */
function unorderedKeys<T>(
  values: readonly T[],
  keyOf: (value: T) => string,
  objectOf: (value: T) => Plain | undefined,
): Set<string> {
  const unordered = groupBy(values, keyOf).filter((group) =>
    isUnordered([...new Set(group.map(objectOf))].filter((object) => object !== undefined)),
  );
  return new Set(unordered.flatMap(([first]) => (first === undefined ? [] : [keyOf(first)])));
}

const READ_ANNOTATIONS =
  "networking\\.istio\\.io/exportTo|proxy\\.istio\\.io/health-checks-enabled";

/** Places that decide nothing about TLS; the age of objects is looked at elsewhere. */
const HARMLESS = new RegExp(
  [
    `^metadata\\.(uid|creationTimestamp|annotations(?!$|\\.(${READ_ANNOTATIONS})))`,
    "\\.(connectionPool|outlierDetection|sni|subjectAltNames|caCertificates|insecureSkipVerify)\\b",
    "^status\\.loadBalancer",
  ].join("|"),
);

function partialObject(kind: Kind, object: Plain, all: readonly Path[]): PartialObject {
  const { identity } = kindSpec(kind) ?? {};
  const { namespace } = refOf(object);
  const paths = all.filter((path) => hasCompletions(object, path));
  const partial: PartialObject = {
    kind,
    object,
    paths,
    tlsMayVary: paths.length < all.length,
    identityUnknown: identity !== undefined && paths.some((path) => identity.test(path.join("."))),
  };
  if (namespace !== NAMELESS) partial.namespace = namespace;
  return partial;
}
