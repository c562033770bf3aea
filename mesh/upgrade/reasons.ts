import type { AliasCall } from "./calls.js";
import type { CallChange } from "./call-change.js";
import { type ObjectRef, refText } from "../input/kube-object.js";
import type { Mesh } from "../mesh.js";
import type { Service } from "../registry/service.js";
import type { Client } from "../scope/client.js";
import { importedService } from "../scope/imported-service.js";

/** What Istio does otherwise about a call, a phrase each, in the order in which istiod decides. */
export function reasonsFor(
  before: Mesh,
  after: Mesh,
  change: Pick<CallChange, "before" | "after">,
): string[] {
  const call = (change.before ?? change.after)!;
  const was = serviceFor(before, call.client, change.before?.carrier ?? call.host);
  const is = serviceFor(after, call.client, call.host);
  return [
    ...serviceReasons(call, was, is),
    ...ruleReasons(change.before, change.after),
    ...checkReasons(change.before, change.after),
  ];
}

function serviceFor(mesh: Mesh, client: Client, host: string): Service | undefined {
  return importedService(mesh, mesh.sidecarScopeOf(client), host);
}

function serviceReasons(
  call: AliasCall,
  was: Service | undefined,
  is: Service | undefined,
): string[] {
  const { host, port } = call;
  if (was && is && was.resolution !== is.resolution && is.resolution === "alias") {
    return [`${host} is only another name of ${is.externalName} now: it has no cluster of its own`];
  }
  if (was && is && was.resolution === "alias" && is.resolution !== "alias") {
    return [`${host} has a cluster of its own now`];
  }
  if (was && !is) return [`the client imports no ${host} any more`];
  if (!was && is) return [`the client imports ${host} of ${textOf(is.ref)} now`];
  if (!was || !is) return [];
  if (textOf(was.ref) !== textOf(is.ref)) {
    return [`the client is given ${host} of ${textOf(is.ref)}, not of ${textOf(was.ref)}`];
  }
  const [had, has] = [was, is].map(({ ports }) => ports.some(({ number }) => number === port));
  if (had && !has) return [`the client imports ${host} without port ${port}`];
  if (!had && has) return [`the client imports port ${port} of ${host}, too`];
  return [];
}

function ruleReasons(before: AliasCall | undefined, after: AliasCall | undefined): string[] {
  const [was, is] = [before?.rule, after?.rule].map((rule) => (rule ? textOf(rule) : undefined));
  if (was === is) return [];
  if (!was) return [`it follows ${is}`];
  return [is ? `it follows ${is}, not ${was}` : `nothing makes it follow ${was}`];
}

function checkReasons(before: AliasCall | undefined, after: AliasCall | undefined): string[] {
  if (before?.tls !== "SIMPLE" && before?.tls !== "MUTUAL") return [];
  if (before.tls !== after?.tls || before.verifier === after.verifier) return [];
  return before.verifier === "nobody"
    ? ["the sidecar begins to check the server's certificate against the system's authorities"]
    : [`who checks the server: ${before.verifier}, then ${after.verifier}`];
}

function textOf(ref: ObjectRef): string {
  return `${ref.kind} ${refText(ref)}`;
}
