import { at, isPlain, items, text, wholeNumber, type Plain } from "../input/plain.js";
import { ABSENT, unknownPaths, withValue, type Path } from "../input/unknowns.js";
import type { Remedy, RuleAdvice, RuleSpec } from "./advised.js";

/**
 * The spec that is advised for a rule: that of the rule that is changed or hidden, with another TLS
 * wherever it says ISTIO_MUTUAL; of a new rule that hides none, only that. Undefined where the remedy
 * can't be written.
 *
 * @param from the spec of the rule that is changed or, for this host, hidden
 */
export function adviseSpec(
  rule: RuleAdvice,
  from: Plain | undefined,
  remedy: Remedy,
): RuleSpec | undefined {
  const known = from && unknownPaths(from).length === 0 ? inOrder(from) : undefined;
  const base = rule.isChange && known ? known : newSpec(rule, known);
  const mutual = mutualPlaces(base);
  if (remedy === "AUTO") {
    // What leaves TLS out already has nothing to take away.
    if (mutual.length === 0 && rule.isChange) return undefined;
    const spec = mutual.reduce<Plain>((spec, place) => withValue(spec, place, ABSENT), base);
    return { spec, places: [] };
  }
  if (mutual.length > 0) {
    const spec = mutual.reduce<Plain>((spec, place) => withValue(spec, place, DISABLE), base);
    return { spec, places: mutual };
  }
  const { spec, places } = withTlsAt(base, rule);
  return { spec: inOrder(spec), places };
}

/** The order of fields in Istio's reference. */
const FIELDS = ["host", "exportTo", "workloadSelector", "trafficPolicy", "subsets"];

/** A spec with its fields in one order: a rule and a patch of it may give them in another. */
function inOrder(spec: Plain): Plain {
  const place = ([field]: [string, unknown]) =>
    FIELDS.includes(field) ? FIELDS.indexOf(field) : FIELDS.length;
  return Object.fromEntries(Object.entries(spec).sort((a, b) => place(a) - place(b)));
}

const DISABLE = { mode: "DISABLE" };

/** A rule of its own says for the host what the one said that it hides. */
function newSpec({ host, exportTo }: RuleAdvice, hidden: Plain | undefined): Plain {
  const spec: Record<string, unknown> = { host, ...(exportTo && { exportTo }) };
  for (const field of ["trafficPolicy", "subsets"]) {
    if (hidden?.[field] !== undefined) spec[field] = hidden[field];
  }
  return spec;
}

/** Every `tls` block of a spec that says ISTIO_MUTUAL. */
function mutualPlaces(spec: Plain): Path[] {
  const policies: Path[] = [
    ["trafficPolicy"],
    ...items(spec.subsets).map((_, index) => ["subsets", index, "trafficPolicy"]),
  ];
  return policies
    .flatMap((policy) => [
      policy,
      ...items(at(valueAt(spec, policy), "portLevelSettings")).map((_, index) => [
        ...policy,
        "portLevelSettings",
        index,
      ]),
    ])
    .map((settings) => [...settings, "tls"])
    .filter((place) => at(valueAt(spec, place), "mode") === "ISTIO_MUTUAL");
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (current, step) =>
      typeof step === "number"
        ? items(current)[step]
        : isPlain(current)
          ? current[step]
          : undefined,
    value,
  );
}

/** Adds a `tls` block at the place that a rule's advice names. */
function withTlsAt(base: Plain, { level, port, subset }: RuleAdvice): RuleSpec {
  const isForSubset = level === "subset" || level === "subset-port";
  const isForPort = level === "port" || level === "subset-port";
  let spec = base;
  let place: Path = [];
  const enterList = (field: string, isSame: (item: unknown) => boolean, item: Plain) => {
    const list = items(valueAt(spec, [...place, field]));
    const index = list.findIndex(isSame);
    const at = index < 0 ? list.length : index;
    if (index < 0) spec = put(spec, [...place, field], [...list, item]);
    place = [...place, field, at];
  };
  if (isForSubset) {
    enterList("subsets", (one) => text(at(one, "name")) === subset, { name: subset });
  }
  place = [...place, "trafficPolicy"];
  if (isForPort) {
    const isSame = (one: unknown) => wholeNumber(at(one, "port", "number")) === port;
    enterList("portLevelSettings", isSame, { port: { number: port } });
  }
  place = [...place, "tls"];
  spec = put(spec, place, DISABLE);
  return { spec, places: [place] };
}

/** Like `withValue`, with the blocks on the way that aren't there yet. */
function put(spec: Plain, path: Path, value: unknown): Plain {
  const depth = path.findIndex((_, index) => valueAt(spec, path.slice(0, index + 1)) === undefined);
  if (depth < 0 || depth === path.length - 1) return withValue(spec, path, value);
  const inner = path
    .slice(depth + 1)
    .reduceRight<unknown>((below, step) => ({ [String(step)]: below }), value);
  return withValue(spec, path.slice(0, depth + 1), inner);
}
