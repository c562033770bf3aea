import { matters } from "./completions.js";
import { refOf, NAMELESS, type Plain } from "./fields.js";
import { HostTable } from "./hosts.js";
import type { Kind, Mesh } from "./mesh.js";
import { isUnordered } from "./orders.js";
import { unknownPaths, type Path } from "./unknowns.js";

/** An object with values that aren't known and make a difference. */
export interface Blurred {
  kind: Kind;
  object: Plain;
  /** The places that can decide whether ISTIO_MUTUAL is meant. */
  paths: readonly Path[];
  /** Others can still decide between the right ways, plaintext and TLS. */
  isVague: boolean;
  /** Undefined: not known. */
  namespace?: string;
  /** Which host or Service it is about isn't known. */
  isOpen: boolean;
}

/** What of a mesh can't be read for certain. */
export interface Unclear {
  blurred: ReadonlyMap<Plain, Blurred>;
  /** By host: namespaces with several rules for it whose order isn't known. */
  unorderedRules: HostTable<string[]>;
  /** Hosts of several ServiceEntries whose order isn't known. */
  unorderedEntries: ReadonlySet<string>;
  /** Namespaces with several Sidecar resources whose order isn't known. */
  unorderedSidecars: ReadonlySet<string>;
  /** Namespaces with several PeerAuthentications whose order isn't known. */
  unorderedPolicies: ReadonlySet<string>;
}

/** The places that say what an object is about. */
const IDENTITY: Partial<Record<Kind, RegExp>> = {
  DestinationRule: /^(metadata(\.namespace)?|spec|spec\.host)$/,
  Service: /^metadata(\.name|\.namespace)?$/,
  ServiceEntry: /^(metadata|metadata\.namespace|spec|spec\.hosts(\.\d+)?)$/,
  EndpointSlice: /^metadata(\.namespace|\.labels|\.labels\.kubernetes\.io\/service-name)?$/,
  Endpoints: /^metadata(\.name|\.namespace)?$/,
  Pod: /^metadata(\.namespace)?$/,
  WorkloadEntry: /^metadata(\.namespace)?$/,
  BackendTLSPolicy: /^(metadata(\.namespace)?|spec|spec\.targetRefs(\.\d+(\.(kind|name))?)?)$/,
};

/** Finds what is unclear, or undefined where everything is known. */
export function unclearIn(mesh: Mesh): Unclear | undefined {
  const blurred = new Map<Plain, Blurred>();
  for (const [kind, objects] of Object.entries(mesh.byKind) as [Kind, readonly Plain[]][]) {
    for (const object of objects) {
      const paths = unknownPaths(object).filter((path) => !HARMLESS.test(path.join(".")));
      if (paths.length > 0) blurred.set(object, blur(kind, object, paths));
    }
  }
  const unorderedRules = new HostTable<string[]>();
  for (const rules of groupBy(mesh.rules, (rule) => `${rule.ref.namespace}|${rule.host}`)) {
    const [first] = rules;
    if (!first || !isUnordered(rules.map((rule) => rule.object))) continue;
    const known = unorderedRules.get(first.host) ?? [];
    unorderedRules.set(first.host, [...known, first.ref.namespace]);
  }
  const entries = mesh.services.filter((service) => !service.fromKubernetes);
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
  const isClear = blurred.size === 0 && Object.values(unordered).every((hosts) => hosts.size === 0);
  return isClear ? undefined : { blurred, ...unordered };
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

/** Places that no proxy's way of sending depends on; the age of objects is looked at elsewhere. */
const HARMLESS = new RegExp(
  [
    `^metadata\\.(uid|creationTimestamp|annotations(?!$|\\.(${READ_ANNOTATIONS})))`,
    "\\.(connectionPool|outlierDetection|sni|subjectAltNames|caCertificates|insecureSkipVerify)\\b",
    "^status\\.loadBalancer",
  ].join("|"),
);

function blur(kind: Kind, object: Plain, all: readonly Path[]): Blurred {
  const identity = IDENTITY[kind];
  const { namespace } = refOf(object);
  const paths = all.filter((path) => matters(object, path));
  const blurred: Blurred = {
    kind,
    object,
    paths,
    isVague: paths.length < all.length,
    isOpen: identity !== undefined && paths.some((path) => identity.test(path.join("."))),
  };
  if (namespace !== NAMELESS) blurred.namespace = namespace;
  return blurred;
}

function groupBy<T>(values: readonly T[], keyOf: (value: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group) group.push(value);
    else groups.set(key, [value]);
  }
  return [...groups.values()];
}
