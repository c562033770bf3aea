import { UNKNOWN } from "../mesh/index.js";
import {
  type ClusterChoice,
  type Destination,
  type Machine,
  readKubeconfig,
  thisMachine,
} from "./kubeconfig.js";
import { knownFields } from "./unknowns.js";

/** What one or several providers connect with. */
export interface Connection {
  /** Undefined where it isn't known in this preview, or leads nowhere that can be read here. */
  destination?: Destination;
  /** The provider's `clusterIdentifier`: what its owner calls the cluster. */
  identifier?: string;
  /** The namespace of objects that have none. */
  namespace?: string | typeof UNKNOWN;
}

/** The part of a provider that is read. */
interface SeenProvider {
  props: unknown;
}

/** Looks a provider's connection up. What connects alike is the same object. */
export type Connections = (provider: SeenProvider | undefined) => Connection;

/** Reads each kubeconfig once, and only on demand. */
export function connectionsOf(machine: () => Machine = thisMachine): Connections {
  const known = new Map<string, Connection>();
  return (provider) => {
    const choice = knownFields(provider?.props, READ);
    const key = JSON.stringify([provider === undefined, ...READ.map((name) => choice[name])], mark);
    const connection = known.get(key) ?? connectionOf(choice, provider !== undefined, machine);
    known.set(key, connection);
    return connection;
  };
}

const READ = [
  "kubeconfig",
  "context",
  "cluster",
  "clusterIdentifier",
  "renderYamlToDirectory",
  "namespace",
] as const;

function mark(_: string, value: unknown): unknown {
  return value === UNKNOWN ? "\0unknown" : value;
}

/** A Kubernetes provider's properties; values that aren't known are UNKNOWN. */
type Choice = Readonly<Record<(typeof READ)[number], unknown>>;

function connectionOf(choice: Choice, isKnown: boolean, machine: () => Machine): Connection {
  const { clusterIdentifier, renderYamlToDirectory, namespace } = choice;
  const kubeconfig = once(() => (isKnown ? readAt(choice, machine) : undefined));
  const identifier = textOf(clusterIdentifier);
  return {
    get destination() {
      // Where YAML is written instead, another tool applies it.
      return textOf(renderYamlToDirectory) ? undefined : kubeconfig()?.destination;
    },
    get namespace() {
      return namespace === UNKNOWN ? UNKNOWN : (textOf(namespace) ?? kubeconfig()?.namespace);
    },
    ...(identifier && { identifier }),
  };
}

function once<T>(compute: () => T): () => T {
  let kept: { value: T } | undefined;
  return () => (kept ??= { value: compute() }).value;
}

function readAt({ kubeconfig, context, cluster }: Choice, machine: () => Machine) {
  const parts = { kubeconfig, context, cluster };
  const isText = Object.values(parts).every(
    (part) => part === undefined || part === null || typeof part === "string",
  );
  return isText ? readKubeconfig(parts as ClusterChoice, machine()) : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/**
 * The clusters that some connections may lead to: each is a set of connections of which no two are
 * known to lead to different clusters, and no further one could be added. A connection that can't be
 * distinguished from several others is in the clusters of all of them.
 */
export function clustersAmong(connections: readonly Connection[]): Connection[][] {
  const groups = sameCluster(connections);
  return maximalSets(groups, mayBeOne).map((set) => set.flat());
}

/** Whether connections are known to lead to one cluster. */
export function isOneCluster(connections: readonly Connection[]): boolean {
  return sameCluster(connections).length < 2;
}

/** Groups of connections that lead to the same cluster for sure. */
function sameCluster(connections: readonly Connection[]): Connection[][] {
  return connections.reduce<Connection[][]>((groups, connection) => {
    const [same, others] = partition(groups, (group) =>
      group.some((one) => isSame(one, connection)),
    );
    return [...others, [...same.flat(), connection]];
  }, []);
}

function isSame(a: Connection, b: Connection): boolean {
  if (a.identifier !== undefined && a.identifier === b.identifier) return true;
  const [one, other] = [a.destination, b.destination];
  return one !== undefined && other !== undefined && isOneServer(one, other);
}

/** One server, or two addresses of one: behind those stands the same authority. */
function isOneServer(a: Destination, b: Destination): boolean {
  if (a.server === b.server) return true;
  // One proxy in front of several clusters distinguishes them by their paths.
  const isOneProxy = hostOf(a) === hostOf(b);
  return !isOneProxy && a.authorities.some((authority) => b.authorities.includes(authority));
}

function mayBeOne(a: readonly Connection[], b: readonly Connection[]): boolean {
  return a.every((one) => b.every((other) => !isOther(one, other)));
}

/** Whether two connections are known to lead to different clusters. */
function isOther(a: Connection, b: Connection): boolean {
  if (a.identifier !== undefined && b.identifier !== undefined)
    return a.identifier !== b.identifier;
  const [one, other] = [a.destination, b.destination];
  if (!one || !other || isAnywhere(one) || isAnywhere(other)) return false;
  return !isOneServer(one, other);
}

/** A forwarded port, whose other end is unknown. */
function isAnywhere(destination: Destination): boolean {
  return hostOf(destination).startsWith("localhost:") && destination.authorities.length === 0;
}

function hostOf({ server }: Destination): string {
  return server.split("/")[0] ?? server;
}

/** Every largest set of items of which each two are compatible (Bron and Kerbosch's algorithm). */
function maximalSets<T>(items: readonly T[], areCompatible: (a: T, b: T) => boolean): T[][] {
  const extend = (set: T[], candidates: T[], done: T[]): T[][] => {
    if (candidates.length === 0) return done.length === 0 ? [set] : [];
    const sets: T[][] = [];
    const left = [...candidates];
    const passed = [...done];
    // Any largest set has the pivot in it, or an item that isn't compatible with the pivot.
    const pivot = [...candidates, ...done][0]!;
    for (const item of candidates.filter((one) => one === pivot || !areCompatible(one, pivot))) {
      const fits = (other: T) => other !== item && areCompatible(item, other);
      sets.push(...extend([...set, item], left.filter(fits), passed.filter(fits)));
      left.splice(left.indexOf(item), 1);
      passed.push(item);
    }
    return sets;
  };
  return items.length === 0 ? [] : extend([], [...items], []);
}

function partition<T>(items: readonly T[], fits: (item: T) => boolean): [T[], T[]] {
  return [items.filter(fits), items.filter((item) => !fits(item))];
}
