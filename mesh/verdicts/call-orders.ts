import type { Call } from "../call/call.js";
import type { Ways } from "../call/outcomes.js";
import { routingRulesOf } from "../call/routing.js";
import type { Displaced } from "../call/listeners.js";
import { hostsOf } from "../call/way.js";
import { withValue } from "../input/unknowns.js";
import { creationTime, groupBy, refOf, type Plain } from "../input/plain.js";
import { type KubeObject, namedText, refText } from "../input/kube-object.js";
import { readMesh, type Mesh } from "../mesh.js";
import type { Alias } from "./alias.js";

/** Objects of which the oldest decides, and of which the order isn't known. */
export interface Contest {
  objects: readonly Plain[];
}

/** By host: VirtualServices of it for sidecars, the rules for it, and what registers it. */
type Contests = ReadonlyMap<string, readonly Contest[]>;

const known = new WeakMap<Mesh, Contests>();

function contestsIn(mesh: Mesh): Contests {
  const contests = known.get(mesh);
  if (contests) return contests;
  const objects = new Map(
    mesh.byKind.VirtualService.map((object) => [refText(refOf(object)), object]),
  );
  const claims = routingRulesOf(mesh).flatMap(({ ref, hosts, isGatewayApi }) => {
    const object = isGatewayApi ? undefined : objects.get(refText(ref));
    return object ? hosts.map((host) => ({ host, group: `route|${host}`, object })) : [];
  });
  const settings = mesh.rules
    .filter(({ object }) => object.kind === "DestinationRule")
    .map(({ ref, host, object }) => ({ host, group: `rule|${ref.namespace}|${host}`, object }));
  const entries = mesh.services
    .filter(({ host }) => mesh.registry.of(host).length > 1)
    .flatMap(({ host, object }) => (object ? [{ host, group: `host|${host}`, object }] : []));
  const byHost = new Map<string, Contest[]>();
  for (const group of groupBy([...claims, ...settings, ...entries], (one) => one.group)) {
    const contest = contestOf(group.map(({ object }) => object));
    const host = group[0].host;
    if (contest) byHost.set(host, [...(byHost.get(host) ?? []), contest]);
  }
  known.set(mesh, byHost);
  return byHost;
}

/** Nothing is open between objects whose ages are known, or that say the same. */
function contestOf(objects: readonly Plain[]): Contest | undefined {
  const distinct = [...new Set(objects)];
  if (distinct.length < 2 || distinct.every((object) => creationTime(object) !== 0))
    return undefined;
  const contents = distinct.map((object) => JSON.stringify([object.kind, object.spec]));
  return new Set(contents).size < 2 ? undefined : { objects: distinct };
}

/** What of a mesh is open between objects that a call depends on. */
export function contestsOn(
  mesh: Mesh,
  call: Call,
  alias: Alias | undefined,
  ways: Ways,
): Contest[] {
  const byHost = contestsIn(mesh);
  const taken = "undecided" in ways ? [] : ways;
  const hosts = [alias?.host, alias?.terminal, call.host, call.address, ...taken.flatMap(hostsOf)];
  const open =
    byHost.size === 0
      ? []
      : [...new Set(hosts)].flatMap((host) => (host === undefined ? [] : (byHost.get(host) ?? [])));
  const sharing = taken.flatMap(({ displaced }) => (displaced && contestAmong(displaced)) ?? []);
  return [...open, ...sharing.slice(0, 1)];
}

const sharedListeners = new WeakMap<readonly Displaced[], { contest: Contest | undefined }>();

/** What is open between those that share a listener; many calls take the same one. */
function contestAmong(displaced: readonly Displaced[]): Contest | undefined {
  let known = sharedListeners.get(displaced);
  if (!known) {
    const objects = displaced.flatMap(({ service, by }) => [service.object, by.object]);
    known = { contest: contestOf(objects.filter((object) => object !== undefined)) };
    sharedListeners.set(displaced, known);
  }
  return known.contest;
}

/** More orders than this aren't tried: what decides stays open then. */
const MOST_ORDERS = 24;

/**
 * Meshes in which the objects were created in every order that is possible, as far as the oldest of each
 * contest decides; undefined for too many.
 */
export function everyOrder(mesh: Mesh, contests: readonly Contest[]): Mesh[] | undefined {
  const orders = contests.map(ordersOf);
  const count = orders.reduce((product, { length }) => product * length, 1);
  if (count > MOST_ORDERS) return undefined;
  const choices = orders.reduce<Plain[][][]>(
    (sofar, some) => sofar.flatMap((chosen) => some.map((order) => [...chosen, order])),
    [[]],
  );
  return choices.map((chosen) => withAges(mesh, chosen));
}

const ordersByContest = new WeakMap<Contest, Plain[][]>();

/** Every order of a few; of many each of them first, up to one more than are tried. */
function ordersOf(contest: Contest): Plain[][] {
  let orders = ordersByContest.get(contest);
  if (!orders) {
    const { objects } = contest;
    orders = [];
    for (const order of objects.length <= 3 ? permutations(objects) : eachFirst(objects)) {
      if (isPossible(order)) orders.push(order);
      if (orders.length > MOST_ORDERS) break;
    }
    ordersByContest.set(contest, orders);
  }
  return orders;
}

/** Objects of known age keep theirs. */
function isPossible(order: readonly Plain[]): boolean {
  const ages = order.map(creationTime).filter((age) => age !== 0);
  return ages.every((age, place) => place === 0 || age >= (ages[place - 1] ?? 0));
}

/** Of those whose age is known only the oldest can be the first. */
function* eachFirst(objects: readonly Plain[]): Generator<Plain[]> {
  const ages = objects.map(creationTime).filter((age) => age !== 0);
  const oldest = ages.reduce((least, age) => Math.min(least, age), Infinity);
  for (const first of objects) {
    const age = creationTime(first);
    if (age !== 0 && age > oldest) continue;
    yield [first, ...objects.filter((one) => one !== first)];
  }
}

function permutations(objects: readonly Plain[]): Plain[][] {
  if (objects.length < 2) return [[...objects]];
  return objects.flatMap((first) =>
    permutations(objects.filter((one) => one !== first)).map((rest) => [first, ...rest]),
  );
}

const variants = new WeakMap<Mesh, Map<string, Mesh>>();

/** The mesh with ages for the objects of each order, oldest first. */
function withAges(mesh: Mesh, orders: readonly (readonly Plain[])[]): Mesh {
  let byKey = variants.get(mesh);
  if (!byKey) {
    byKey = new Map();
    variants.set(mesh, byKey);
  }
  const ages = new Map<Plain, number>();
  for (const order of orders) order.forEach((object, place) => ages.set(object, place + 1));
  const key = [...ages]
    .map(([object, age]) => `${namedText(refOf(object))} ${age}`)
    .sort()
    .join();
  const same = byKey.get(key);
  if (same) return same;
  const objects = mesh.objects.map((object) => {
    const age = ages.get(object);
    const created = age === undefined ? undefined : new Date(age).toISOString();
    return created === undefined
      ? object
      : withValue(object, ["metadata", "creationTimestamp"], created);
  });
  const variant = readMesh(objects as unknown as readonly KubeObject[], mesh.facts);
  byKey.set(key, variant);
  return variant;
}

/** More objects than this aren't named. */
const MOST_NAMED = 5;

const texts = new WeakMap<Contest, string>();

/** `VirtualService n/a or n/b`: what is open, for people. */
export function contestText(contest: Contest): string {
  let text = texts.get(contest);
  if (text === undefined) {
    const { objects } = contest;
    const names = objects.slice(0, MOST_NAMED).map((object) => namedText(refOf(object)));
    const last =
      objects.length > MOST_NAMED ? `${objects.length - MOST_NAMED} more` : (names.pop() ?? "");
    text = `${names.join(", ")} or ${last}`;
    texts.set(contest, text);
  }
  return text;
}
