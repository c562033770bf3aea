/** A field in which an object isn't as it is declared. */
export interface Difference {
  /** `trafficPolicy.tls.sni`, `ports[0].targetPort`. */
  field: string;
  declared: string;
  found: string;
}

/** What a field is called that isn't there, or has the value that Istio takes where it isn't. */
const UNSET = "unset";

/** What the API server writes into a message about which objects an admission policy is for. */
const MATCHED = { matchPolicy: "Equivalent", namespaceSelector: {}, objectSelector: {} };

/**
 * What is taken in these messages where a field isn't written. Istio takes the first value of the enum,
 * which a program that writes objects by Istio's own types leaves out.
 */
const IMPLIED: Record<string, object> = {
  ServiceEntry: { location: "MESH_EXTERNAL", resolution: "NONE" },
  tls: { mode: "DISABLE" },
  matchConstraints: MATCHED,
  matchResources: MATCHED,
  "resourceRules[]": { scope: "*" },
};

/**
 * In which fields of its spec an object differs: what was changed, removed or
 * added. Everything counts, so that nothing that weakens TLS passes because nobody thought of it; but
 * what is written as Istio takes it anyway is no difference.
 *
 * @param kind of the object
 */
export function differences(kind: string, declared: object, found: object): Difference[] {
  const [before, after] = [new Map(leaves(kind, declared)), new Map(leaves(kind, found))];
  return [...new Set([...before.keys(), ...after.keys()])]
    .map((field) => ({
      field: field.slice(1),
      declared: before.get(field) ?? UNSET,
      found: after.get(field) ?? UNSET,
    }))
    .filter(({ declared, found }) => declared !== found);
}

type Leaf = [field: string, text: string];

function leaves(name: string, value: unknown): Leaf[] {
  if (value === undefined || value === null || value === false) return [];
  if (typeof value !== "object") return [["", `${value as string | number | true}`]];
  if (!Array.isArray(value)) {
    const fields = Object.entries({ ...IMPLIED[name], ...value }).flatMap(([key, field]) =>
      under(`.${key}`, leaves(key, field)),
    );
    // An empty message isn't none: an empty selector, for one, is a selector.
    return fields.length > 0 ? fields : [["", "{}"]];
  }
  if (value.some((item) => typeof item === "object")) {
    return value.flatMap((item, index) => under(`[${index}]`, leaves(`${name}[]`, item)));
  }
  return value.length > 0 ? [["", value.join(",")]] : [];
}

function under(field: string, found: readonly Leaf[]): Leaf[] {
  return found.map(([below, text]) => [field + below, text]);
}
