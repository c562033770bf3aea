/** What the objects don't say and istiod's own configuration does. */
export interface MeshFacts {
  /**
   * Istio's version, `major.minor` at least. It decides what an ExternalName Service is: up to 1.20
   * a cluster of its own, from 1.21 by default an alias, from 1.24 always an alias. And it decides how rules
   * are merged, whose service a client is given, and more (docs/versions.md). Without a patch it counts as the last one.
   * @default "1.31"
   */
  istioVersion: string;
  /**
   * `ENABLE_EXTERNAL_NAME_ALIAS` of istiod, where the version still has it (1.20 to 1.23).
   * @default what the version does by itself
   */
  externalNameAlias?: boolean;
  /** @default "cluster.local" */
  clusterDomain: string;
  /** `meshConfig.rootNamespace`. @default "istio-system" */
  rootNamespace: string;
  /** `meshConfig.enableAutoMtls`. @default true */
  enableAutoMtls: boolean;
  /** `meshConfig.defaultDestinationRuleExportTo`. @default ["*"] */
  defaultDestinationRuleExportTo: string[];
  /** `meshConfig.defaultServiceExportTo`, of Services and ServiceEntries. @default ["*"] */
  defaultServiceExportTo: string[];
  /** `meshConfig.defaultVirtualServiceExportTo`. @default ["*"] */
  defaultVirtualServiceExportTo: string[];
  /** The control plane's revision: rules labelled `istio.io/rev` for another one are not read. @default "default" */
  revision: string;
  /** Pod and Service ranges: an address inside is not outside. @default [] */
  clusterCidrs: string[];
  /** Hosts known to be external aliases though their Services aren't among the objects (exact or `*.suffix`). @default [] */
  externalHosts: string[];
  /**
   * `meshConfig.outboundTrafficPolicy.mode`: what sidecars do with calls to what Istio doesn't know.
   * @default "ALLOW_ANY"
   */
  outboundTrafficPolicy: OutboundTrafficPolicy;
  /** `ISTIO_META_DNS_CAPTURE`: sidecars answer DNS, so ServiceEntries get addresses of their own. @default false */
  dnsCapture: boolean;
}

/** The modes of `meshConfig.outboundTrafficPolicy`. */
export type OutboundTrafficPolicy = "ALLOW_ANY" | "REGISTRY_ONLY";

/** The defaults of Istio itself. */
export const DEFAULT_FACTS: MeshFacts = {
  istioVersion: "1.31",
  clusterDomain: "cluster.local",
  rootNamespace: "istio-system",
  enableAutoMtls: true,
  defaultDestinationRuleExportTo: ["*"],
  defaultServiceExportTo: ["*"],
  defaultVirtualServiceExportTo: ["*"],
  revision: "default",
  clusterCidrs: [],
  externalHosts: [],
  outboundTrafficPolicy: "ALLOW_ANY",
  dnsCapture: false,
};
