import { at, fits, isPlain, items, labelsOf, refOf, text, wholeNumber } from "../input/plain.js";
import type { ObjectRef } from "../input/kube-object.js";
import type { Mesh } from "../mesh.js";
import type { Client } from "../scope/client.js";
import type { Call } from "./call.js";
import { clusterHost } from "./cluster-tls.js";

/** A patch of an EnvoyFilter that can send calls another way, or change their TLS. */
interface Patch {
  ref: ObjectRef;
  /** Whose proxies it is for: absent: all of the namespace. */
  labels?: Readonly<Record<string, string>>;
  /** `SIDECAR_OUTBOUND`, `GATEWAY` or `ANY`. */
  context: string;
  /** Whether it is about what HTTP requests take only. */
  isOfRoutes: boolean;
  /** The port that it is about; absent: any. */
  port?: number;
  /** The host of the cluster that it is about; absent: any. */
  host?: string;
}

const patchesByMesh = new WeakMap<Mesh["objects"], readonly Patch[]>();

/** Fields of a cluster that decide what it connects to, and how. */
const DECISIVE = ["transport_socket", "transport_socket_matches", "type", "load_assignment"];

/** Whether a patch changes clusters in a way that can change their TLS: a new one carries no alias's calls by itself. */
export function changesClusters(patch: unknown): boolean {
  if (at(patch, "applyTo") !== "CLUSTER" || isInbound(patch)) return false;
  const operation = at(patch, "patch", "operation");
  if (operation === "ADD") return false;
  return operation !== "MERGE" || hasAny(at(patch, "patch", "value"), DECISIVE);
}

function isInbound(patch: unknown): boolean {
  return at(patch, "match", "context") === "SIDECAR_INBOUND";
}

function hasAny(value: unknown, fields: readonly string[]): boolean {
  if (!isPlain(value)) return false;
  return Object.keys(value).some((name) => fields.includes(snakeCase(name)));
}

/** Patches are written in either form of names. */
function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

const ROUTES = ["ROUTE_CONFIGURATION", "VIRTUAL_HOST", "HTTP_ROUTE"];
const LISTENERS = ["LISTENER", "FILTER_CHAIN", "LISTENER_FILTER", "NETWORK_FILTER"];

/** Whether a patch can change which listener, route or cluster a call takes. */
function changesWay(patch: unknown): boolean {
  if (isInbound(patch)) return false;
  const applyTo = text(at(patch, "applyTo"));
  const isMerged = at(patch, "patch", "operation") === "MERGE";
  const value = at(patch, "patch", "value");
  if (ROUTES.includes(applyTo)) {
    // What is merged into a route is mostly a time limit, a retry or a header.
    return !isMerged || leadsElsewhere(value);
  }
  if (LISTENERS.includes(applyTo)) return !isMerged || !isHttpSetting(value);
  const isRemoval = ["REMOVE", "REPLACE"].includes(text(at(patch, "patch", "operation")));
  return applyTo === "HTTP_FILTER" ? isRemoval : changesClusters(patch);
}

function leadsElsewhere(value: unknown): boolean {
  const route = at(value, "route");
  return (
    hasAny(value, ["match", "redirect", "direct_response", "domains", "routes", "virtual_hosts"]) ||
    hasAny(route, ["cluster", "weighted_clusters", "cluster_header", "host_rewrite_literal"])
  );
}

/** What is merged into the HTTP connection manager decides a call only where it brings routes of its own. */
function isHttpSetting(value: unknown): boolean {
  const settings = at(value, "typed_config") ?? at(value, "typedConfig");
  const type = text(at(settings, "@type"));
  return (
    type.endsWith("HttpConnectionManager") &&
    !hasAny(settings, ["rds", "route_config", "scoped_routes"])
  );
}

function patchesOf(mesh: Mesh): readonly Patch[] {
  let patches = patchesByMesh.get(mesh.objects);
  if (!patches) {
    patches = mesh.objects
      .filter(
        ({ kind, apiVersion }) =>
          kind === "EnvoyFilter" && text(apiVersion).startsWith("networking.istio.io/"),
      )
      .flatMap((object) => {
        const selector = at(object, "spec", "workloadSelector", "labels");
        return items(at(object, "spec", "configPatches"))
          .filter(changesWay)
          .map((patch) => readPatch(refOf(object), selector, patch));
      });
    patchesByMesh.set(mesh.objects, patches);
  }
  return patches;
}

function readPatch(ref: ObjectRef, selector: unknown, patch: unknown): Patch {
  const applyTo = text(at(patch, "applyTo"));
  const match = at(patch, "match");
  const read: Patch = {
    ref,
    context: text(at(match, "context")) || "ANY",
    isOfRoutes: ROUTES.includes(applyTo) || applyTo === "HTTP_FILTER",
  };
  if (isPlain(selector)) read.labels = labelsOf(selector);
  const port = ["listener", "routeConfiguration", "cluster"]
    .map((place) => wholeNumber(at(match, place, "portNumber")))
    .find((number) => number !== undefined && number !== 0);
  if (port !== undefined) read.port = port;
  const name = text(at(match, "cluster", "name"));
  const host = text(at(match, "cluster", "service")) || (clusterHost(name) ?? name);
  if (host !== "") read.host = host;
  return read;
}

/**
 * The EnvoyFilter that may send a call another way than the objects of Istio say, or change its TLS; undefined
 * where none of those for the proxy can.
 *
 * @param client whose proxy it is: a sidecar, a gateway or a waypoint
 * @param hosts the hosts of the clusters that the call takes there
 */
export function patchedBy(
  mesh: Mesh,
  client: Client,
  { port, sends }: Pick<Call, "port" | "sends">,
  hosts: readonly string[],
): ObjectRef | undefined {
  const context = client.gateway ? "GATEWAY" : "SIDECAR_OUTBOUND";
  return patchesOf(mesh).find(
    (patch) =>
      (patch.ref.namespace === client.namespace ||
        patch.ref.namespace === mesh.facts.rootNamespace) &&
      (patch.context === "ANY" || patch.context === context) &&
      (patch.labels === undefined || !client.labels || fits(patch.labels, client.labels)) &&
      (!patch.isOfRoutes || sends === "http") &&
      (patch.port === undefined || client.gateway || patch.port === port) &&
      (patch.host === undefined || hosts.includes(patch.host)),
  )?.ref;
}
