/** What stacks have made in a cluster, so that two of them can be compared. */
import { type Snapshot, snapshotOf } from "../snapshot.js";

const KINDS =
  /^(v1\/(Namespace|Service|ServiceAccount|Endpoints)|apps\/v1\/Deployment|\S+istio\.io\/\S+) /;
/** Namespaces that no stack of ours touches. */
const SYSTEM = / ((kube|istio|local)-\S*\/|\/(kube|istio|local)-)/;
/** What controllers make: the API server's own Service, and the endpoints of Pods. */
const MADE_BY_OTHERS = / default\/kubernetes$|^v1\/Endpoints \S+\/sleep$/;
/** What two clusters that are alike don't have in common. */
const OWN = /^(uid|clusterIPs?|managedFields|status|deployment\.kubernetes\.io\/revision)$/;

/** The objects of the kinds that stacks make, by name. */
export async function madeObjects(kubeconfig: string): Promise<Snapshot> {
  const all = Object.entries(await snapshotOf(kubeconfig));
  const ours = all.filter(
    ([key]) => KINDS.test(key) && !SYSTEM.test(key) && !MADE_BY_OTHERS.test(key),
  );
  return Object.fromEntries(ours.map(([key, object]) => [key, withoutOwn(object)]));
}

function withoutOwn(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutOwn);
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).filter(([key]) => !OWN.test(key));
  return Object.fromEntries(fields.map(([key, field]) => [key, withoutOwn(field)]));
}
