import { at, isPlain, items, refOf, text, wholeNumber, type Plain } from "../input/plain.js";
import type { Destination } from "./routing-rule.js";

/** Where a route stands. */
export interface RoutePlace {
  route: Plain;
  /** Whether a Gateway has it; else sidecars follow it. */
  isOfGateway: boolean;
  clusterDomain: string;
  grants: readonly Plain[];
}

/**
 * Where a rule of a route leads, without the backends that get nothing (`buildHTTPDestination`,
 * `buildTCPDestination`).
 *
 * @returns undefined for a backend because of which istiod drops the whole route
 */
export function backendsOf(place: RoutePlace, rule: Plain): Destination[] | undefined {
  const destinations = items(rule.backendRefs)
    .filter(isPlain)
    .map((backend) => ({ backend, weight: wholeNumber(backend.weight) ?? 1 }))
    .filter(({ weight }) => weight > 0)
    .map(({ backend, weight }) => backendOf(place, backend, weight));
  return destinations.every((one) => one !== undefined) ? destinations : undefined;
}

/** Where a backend is; undefined for one that can't be meant. */
export function backendOf(
  place: RoutePlace,
  backend: Plain,
  weight: number,
): Destination | undefined {
  const own = refOf(place.route).namespace;
  const kind = text(backend.kind) || "Service";
  const namespace = text(backend.namespace) || own;
  const name = text(backend.name);
  const nowhere: Destination = { host: "", subset: "", weight };
  const needsGrant = place.isOfGateway && namespace !== own;
  if (needsGrant && !isGranted(place, namespace, kind, name)) return nowhere;
  if (!KINDS.includes(kind)) return nowhere;
  const port = wholeNumber(backend.port);
  const isHostname = kind === "Hostname";
  const isWrong = isHostname ? text(backend.namespace) !== "" : name.includes(".");
  if (port === undefined || isWrong) return undefined;
  const host = isHostname ? name : `${name}.${namespace}.svc.${place.clusterDomain}`;
  return { host, port, subset: "", weight };
}

const KINDS: readonly string[] = ["Service", "ServiceImport", "Hostname"];

/** Whether a ReferenceGrant lets routes of another namespace refer to a backend. */
function isGranted(
  { route, grants }: RoutePlace,
  namespace: string,
  kind: string,
  name: string,
): boolean {
  const isOfRoute = (from: unknown) =>
    at(from, "kind") === route.kind && at(from, "namespace") === refOf(route).namespace;
  const isOfBackend = (to: unknown) =>
    at(to, "kind") === kind && [undefined, "", name].includes(at(to, "name") as string);
  return grants.some(
    (grant) =>
      refOf(grant).namespace === namespace &&
      items(at(grant, "spec", "from")).some(isOfRoute) &&
      items(at(grant, "spec", "to")).some(isOfBackend),
  );
}
