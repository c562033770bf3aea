import { opensConfigMaps } from "../input/istio-version.js";
import type { AcceptedTls } from "../registry/peer-authentication.js";
import type { Tls } from "../rules/traffic-policy.js";

/** What a client's proxy does with TLS towards a cluster. */
export type EffectiveTls = "PLAIN" | "AUTO" | "SIMPLE" | "MUTUAL" | "ISTIO_MUTUAL";

/** What decides the TLS of a cluster, once the rule is chosen. */
export interface TlsContext {
  /** The `tls` block that holds; absent: nothing was said. */
  tls?: Tls;
  meshExternal: boolean;
  enableAutoMtls: boolean;
  /** What istiod believes that the endpoints accept. */
  accepted: AcceptedTls;
  /** The cluster sends where the client was going: no socket can be chosen per endpoint. */
  originalDestination: boolean;
  gateway: boolean;
  istioVersion: string;
  /** The rule (the merged one, if several are) has a workloadSelector. */
  ruleHasSelector: boolean;
}

/** The TLS of one cluster (pilot/pkg/networking/core/cluster_tls.go). */
export function effectiveTls(context: TlsContext): EffectiveTls {
  const { tls } = context;
  if (!tls) return automaticTls(context);
  if (tls.mode === "DISABLE") return "PLAIN";
  if (tls.mode === "ISTIO_MUTUAL") return "ISTIO_MUTUAL";
  // A credential that any sidecar would have to fetch is ignored, and the whole block with it.
  const isPrivileged =
    tls.credential === "secret" || (tls.credential === "config-map" && !opensConfigMaps(context));
  if (isPrivileged && !context.gateway && !context.ruleHasSelector) return "PLAIN";
  // istiod logs an error and sends the cluster without a socket.
  if (tls.mode === "MUTUAL" && !tls.hasCertificates) return "PLAIN";
  return tls.mode;
}

/**
 * Automatic mutual TLS, chosen per endpoint. Where no choice per endpoint is possible it becomes
 * unconditional, with ISTIO_MUTUAL written nowhere.
 */
function automaticTls(context: TlsContext): EffectiveTls {
  if (context.meshExternal || !context.enableAutoMtls || context.accepted === "DISABLE") {
    return "PLAIN";
  }
  return context.originalDestination ? "ISTIO_MUTUAL" : "AUTO";
}
