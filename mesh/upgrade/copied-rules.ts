import type { AliasCall } from "./calls.js";
import { CREATED, type Edit } from "./edits.js";
import { wireOf } from "./effect.js";
import { objectName } from "../explain/advice-objects.js";
import { rulesFollowedTowards } from "../findings/followed-rules.js";
import type { KubeObject } from "../input/kube-object.js";
import { at, isPlain, items, type Plain } from "../input/plain.js";
import { unknownPaths } from "../input/unknowns.js";
import type { Mesh } from "../mesh.js";
import type { ConsolidatedRule } from "../rules/destination-rule-index.js";

/** Where a rule is to stand, and for whom. */
export interface RulePlace {
  host: string;
  namespace: string;
  exportTo?: string[];
}

/**
 * What a client follows towards a call's host, written as one rule for that host alone; undefined if it
 * follows none, or what it follows isn't written in rules or isn't known.
 */
export function copiedRule(mesh: Mesh, call: AliasCall, place: RulePlace): KubeObject | undefined {
  const consolidated = followedBy(mesh, call);
  const written = consolidated && writtenIn(consolidated);
  if (!written) return undefined;
  return ruleOf(mesh, place, { host: place.host, ...exported(place), ...written });
}

/**
 * The same, saying of every TLS that checks nothing today that it is to check nothing; undefined for calls
 * that somebody checks, or without TLS of the sidecar's own.
 */
export function uncheckedRule(
  mesh: Mesh,
  call: AliasCall,
  place: RulePlace,
): KubeObject | undefined {
  if (call.verifier !== "nobody" || wireOf(call) === wireOf(undefined)) return undefined;
  const rule = copiedRule(mesh, call, place);
  return rule && (unchecked(rule) as KubeObject);
}

function unchecked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unchecked);
  if (!isPlain(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name,
      name === "tls" && isPlain(field) && ORIGINATES.includes(field.mode)
        ? { insecureSkipVerify: true, ...field }
        : unchecked(field),
    ]),
  );
}

const ORIGINATES: readonly unknown[] = ["SIMPLE", "MUTUAL"];

/** The rule for calls that pass as the workload sends them; undefined for others. */
export function plainRule(mesh: Mesh, call: AliasCall, place: RulePlace): KubeObject | undefined {
  if (wireOf(call) !== wireOf(undefined)) return undefined;
  const policy = { trafficPolicy: { tls: { mode: "DISABLE" } } };
  return ruleOf(mesh, place, { host: place.host, ...exported(place), ...policy });
}

/**
 * Rules that istiod merges today, written as one: the first of them has it all, and the others go.
 */
export function mergedRules(mesh: Mesh, calls: readonly AliasCall[]): Edit[] {
  const done = new Set<string>();
  return calls.flatMap((call): Edit[] => {
    const consolidated = followedBy(mesh, call);
    const written = consolidated && writtenIn(consolidated);
    const [first, ...others] = consolidated?.rules ?? [];
    if (!written || !first || others.length === 0) return [];
    const { namespace, name } = first.ref;
    if (done.has(`${namespace}/${name}`)) return [];
    done.add(`${namespace}/${name}`);
    const object = first.object as unknown as KubeObject;
    const names = others.map(({ ref }) => ref.name).join(", ");
    return [
      {
        action: "change",
        object: { ...object, spec: { ...(object.spec as object), ...written } },
        why: `says what istiod puts together today of it and ${names}`,
      },
      ...others.map((other): Edit => ({
        action: "delete",
        object: other.object as unknown as KubeObject,
        why: `${name} has what it says`,
      })),
    ];
  });
}

function followedBy(
  mesh: Mesh,
  { host, client, carrier }: AliasCall,
): ConsolidatedRule | undefined {
  const followed = rulesFollowedTowards(mesh, carrier ?? host, [client]);
  return followed.length === 1 ? followed[0]?.consolidated : undefined;
}

/** The policy and the subsets of a consolidated rule as they were written. */
function writtenIn({ rules, policy, subsets }: ConsolidatedRule): Plain | undefined {
  const specOf = (object: Plain) => at(object, "spec");
  const owner = rules.find((rule) => rule.policy === policy);
  if (policy && !owner) return undefined;
  const trafficPolicy = policy && at(specOf(owner!.object), "trafficPolicy");
  const raw = subsets.map((subset) => {
    const rule = rules.find((one) => one.subsets.includes(subset));
    return (
      rule &&
      items(at(specOf(rule.object), "subsets")).filter(isPlain)[rule.subsets.indexOf(subset)]
    );
  });
  if (rules.some(({ object }) => object.kind !== "DestinationRule")) return undefined;
  const written = { trafficPolicy, subsets: raw.length > 0 ? raw : undefined };
  return raw.includes(undefined) || unknownPaths(written).length > 0 ? undefined : written;
}

function exported({ exportTo }: RulePlace): Plain {
  return exportTo ? { exportTo } : {};
}

function ruleOf(mesh: Mesh, { namespace, host }: RulePlace, spec: Plain): KubeObject {
  let name = objectName(host);
  const isTaken = () =>
    mesh.rules.some(({ ref }) => ref.namespace === namespace && ref.name === name);
  while (isTaken()) name += "-egress";
  return {
    apiVersion: "networking.istio.io/v1beta1",
    kind: "DestinationRule",
    metadata: { name, namespace, creationTimestamp: CREATED },
    spec,
  };
}
