/** Who manages what we create: the value of our managed-by labels. */
export const MANAGER = "istio-egress";

/** On every object that we create, so that people and `kubectl -l` can find it. */
export const MANAGED_BY = { "app.kubernetes.io/managed-by": MANAGER } as const;

/** Istio's switch for sidecar injection in a namespace; it wins over `istio.io/rev`. */
export const INJECTION_LABEL = "istio-injection";

/** What puts a namespace's Pods into the mesh without sidecars. */
export const AMBIENT = { "istio.io/dataplane-mode": "ambient" } as const;

/** On a Pod that Istio is to leave alone, whatever its namespace says. */
export const NO_SIDECAR = { "sidecar.istio.io/inject": "false" } as const;
