import { type KubeObject, refText } from "../input/kube-object.js";
import { type Mesh, readMesh } from "../mesh.js";
import { terminalOf } from "../registry/external-names.js";
import type { Client } from "../scope/client.js";
import { ANY_OTHER } from "../verdicts/default-clients.js";
import type { AliasCall } from "./calls.js";
import {
  copiedRule,
  mergedRules,
  plainRule,
  type RulePlace,
  uncheckedRule,
} from "./copied-rules.js";
import { type Edit, withEdits } from "./edits.js";
import type { CallChange } from "./call-change.js";
import type { Situation } from "./situation.js";
import { serviceEntryFor } from "./service-entries.js";
import { hiddenServices } from "./visibility.js";

/**
 * Ways to keep the broken calls of one alias as they are, the least intrusive first. Nobody has judged them
 * yet: each is a guess that is to be tried.
 */
export function candidatesFor(
  { objects, facts, from, to }: Situation,
  changes: readonly CallChange[],
  made: readonly Edit[],
): Edit[][] {
  const edited = withEdits(objects, made);
  const meshOf = (istioVersion: string) => readMesh(edited, { ...facts, istioVersion });
  const [before, after] = [meshOf(from), meshOf(to)];
  const calls = changes.map((change) => (change.before ?? change.after)!);
  const entry = serviceEntryFor(before, after, calls);
  const hidden = hiddenServices(before, after, calls);
  const rules = [
    mergedRules(before, calls),
    ...[copiedOrPlain, uncheckedRule, plainRule].flatMap((write) => {
      const sides: Sides = { before, after, entry, write };
      return [ruleForAll(sides, calls), rulesByNamespace(sides, calls), ruleForName(sides, calls)];
    }),
  ];
  const guesses = [
    ...rules.map((edits) => [...entry, ...edits]),
    hidden,
    ...rules.map((edits) => (hidden.length > 0 ? [...entry, ...hidden, ...edits] : [])),
  ];
  const distinct = new Map(guesses.map((edits) => [JSON.stringify(edits), edits]));
  return [...distinct.values()].filter((edits) => edits.length > 0);
}

/** Writes a client's rule for one host; undefined where it can't be written. */
type WriteRule = (mesh: Mesh, call: AliasCall, place: RulePlace) => KubeObject | undefined;

const copiedOrPlain: WriteRule = (...given) => copiedRule(...given) ?? plainRule(...given);

/** The objects as both versions read them, and how a rule is written. */
interface Sides {
  before: Mesh;
  after: Mesh;
  /** What gives the target of an ExternalName a cluster. */
  entry: readonly Edit[];
  write: WriteRule;
}

/** The host whose cluster carries a call under the new version, and the namespace that its rules are in. */
function carrierOf(
  { after, entry }: Sides,
  { host }: AliasCall,
): { host: string; namespace?: string } {
  const service = after.registry.of(host)[0];
  if (service?.resolution !== "alias") return { host, namespace: service?.ref.namespace };
  const target = terminalOf(after, service) ?? host;
  const known = after.registry.of(target)[0]?.ref.namespace;
  return {
    host: target,
    namespace: known ?? (entry.length > 0 ? service.ref.namespace : undefined),
  };
}

/** One rule beside the service, which every client without one of its own follows. */
function ruleForAll(sides: Sides, [first]: readonly AliasCall[]): Edit[] {
  if (!first) return [];
  const { host, namespace } = carrierOf(sides, first);
  return namespace === undefined ? [] : ruleIn(sides, first, { host, namespace });
}

/** The same under the host that is called, where a rule is wrong of it though it has no cluster. */
function ruleForName(sides: Sides, [first]: readonly AliasCall[]): Edit[] {
  const namespace = first && sides.after.registry.of(first.host)[0]?.ref.namespace;
  return namespace === undefined ? [] : ruleIn(sides, first!, { host: first!.host, namespace });
}

/** A rule for each namespace that calls; clients of namespaces that no object shows get the common one. */
function rulesByNamespace(sides: Sides, calls: readonly AliasCall[]): Edit[] {
  const first = new Map<string, AliasCall>();
  for (const call of calls) {
    const key = `${call.client.namespace}|${call.host}`;
    if (!first.has(key)) first.set(key, call);
  }
  return [...first.values()].flatMap((call) => {
    const { host, namespace: common } = carrierOf(sides, call);
    const isOther = call.client.namespace === ANY_OTHER.namespace;
    const namespace = isOther ? common : call.client.namespace;
    if (namespace === undefined) return [];
    return ruleIn(sides, call, { host, namespace, ...(!isOther && { exportTo: ["."] }) });
  });
}

/** What a client follows today, as a rule for one host; what else the namespace says of the host is in its way. */
function ruleIn({ before, after, write }: Sides, call: AliasCall, place: RulePlace): Edit[] {
  const rule = write(before, call, place);
  if (!rule) return [];
  const [own, ...rest] = after.rules.filter(
    ({ ref, host, object }) =>
      ref.namespace === place.namespace && host === place.host && object.kind === "DestinationRule",
  );
  const why = `${clientsWords(call.client)} what it follows today under both versions`;
  if (!own) return [{ action: "create", object: rule, why }];
  const object = own.object as unknown as KubeObject;
  const spec = { ...(object.spec as object), ...policyOf(rule) };
  return [
    { action: "change", object: { ...object, spec }, why },
    ...rest.map((other): Edit => ({
      action: "delete",
      object: other.object as unknown as KubeObject,
      why: `${refText(own.ref)} speaks for its host`,
    })),
  ];
}

function policyOf({ spec }: KubeObject): object {
  const { trafficPolicy, subsets } = spec as { trafficPolicy?: unknown; subsets?: unknown };
  return { trafficPolicy, subsets };
}

function clientsWords({ namespace }: Client): string {
  return namespace === ANY_OTHER.namespace
    ? "gives everyone who has no other rule"
    : `gives namespace ${namespace}`;
}
