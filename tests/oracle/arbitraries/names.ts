/** Few names, so that many objects meet on the same one. */
import fc from "fast-check";

/** Stands for the mesh's cluster domain inside any generated string until the mesh is complete. */
export const DOMAIN = "{domain}";

/** Some names are more usual than others: most objects shall meet on those. */
function weighted(weights: Record<string, number>): fc.Arbitrary<string> {
  return fc.oneof(
    ...Object.entries(weights).map(([name, weight]) => ({ weight, arbitrary: fc.constant(name) })),
  );
}

export const namespace = weighted({ n: 6, x: 3, y: 1, "istio-system": 2 });

/** `my-w` ends in `w`, so that label-blind wildcards show. */
export const serviceName = weighted({ w: 6, e: 2, "my-w": 2, v: 1 });

/** Hosts outside the cluster domain; a name that differs by case is another host to istiod. */
export const externalHost = fc.constantFrom("h.org", "a.ex.com", "b.ex.com", "UP.example");

/** `*ex.com` covers `a.ex.com` too: wildcards are blind to labels. */
export const wildcardHost = fc.constantFrom("*.ex.com", "*.org", "*.com", "*.a.ex.com", "*ex.com");

export const serviceHost = fc
  .tuple(serviceName, namespace)
  .map(([name, ns]) => `${name}.${ns}.svc.${DOMAIN}`);

const revision = seldom(fc.constantFrom("default", "canary"), 15);

/** Metadata of one of Istio's objects; the label says which control planes read it. */
export function istioMetadata(...names: string[]) {
  return fc
    .record({ name: fc.constantFrom(...names), namespace, creationTimestamp, revision })
    .map(({ revision, ...metadata }) => labelled(metadata, revision));
}

/** Adds the revision label, where there is a revision. */
export function labelled<T extends object>(metadata: T, revision: string | undefined) {
  return revision === undefined ? metadata : { ...metadata, labels: { "istio.io/rev": revision } };
}

/** Three moments, so that many objects are equally old and some are not. */
export const creationTimestamp = fc.constantFrom(
  "2026-01-01T00:00:00Z",
  "2026-01-01T00:00:01Z",
  "2026-01-01T00:00:02Z",
);

export const workloadLabels = fc.record(
  { app: fc.constantFrom("a", "b"), version: fc.constantFrom("v1", "v2") },
  { requiredKeys: [] },
);

/** Where a workload is; subsets select by its region. */
export const locality = fc.constantFrom("r1", "r1/z1", "r2/z1/s1");

/** The ports that rules and services talk about; 8443 is only ever a target port. */
export const portNumber = fc.constantFrom(443, 80, 53, 8443);

/** Who may see an object: any mix that Istio accepts once {@link legalExportTo} has put it in order. */
export const exportTo = fc.oneof(
  { weight: 4, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.constantFrom(["*"], ["."], []) },
  {
    weight: 3,
    arbitrary: fc.uniqueArray(fc.constantFrom(".", "n", "x", "y", "istio-system"), {
      minLength: 1,
      maxLength: 3,
    }),
  },
);

/** Drops the own name beside `.`, which validation calls a duplicate. */
export function legalExportTo(
  visibleTo: readonly string[] | undefined,
  ownNamespace: string,
): readonly string[] | undefined {
  if (!visibleTo?.includes(".")) return visibleTo;
  return visibleTo.filter((entry) => entry !== ownNamespace);
}

/** A value that one object in so many has. */
export function seldom<T>(arbitrary: fc.Arbitrary<T>, oneIn = 6): fc.Arbitrary<T | undefined> {
  return fc.oneof(
    { weight: oneIn - 1, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary },
  );
}

/** What an arbitrary gives. */
export type ValueOf<A> = A extends fc.Arbitrary<infer Value> ? Value : never;

/** One object per namespace and name, as in a cluster. */
export function distinct<T extends { metadata: { namespace: string; name: string } }>(
  arbitrary: fc.Arbitrary<T>,
  size: { minLength?: number; maxLength: number },
): fc.Arbitrary<T[]> {
  return fc.uniqueArray(arbitrary, {
    ...size,
    selector: (object) => `${object.metadata.namespace}/${object.metadata.name}`,
  });
}
