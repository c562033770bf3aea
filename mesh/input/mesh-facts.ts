/** The newest minor version of Istio that the model was compared with; a newer one counts as this one. */
export const NEWEST_VERSION = "1.31";

/** What the objects don't say and istiod's own configuration does. */
export interface MeshFacts {
  /**
   * Istio's version, `major.minor` at least. It decides what an ExternalName Service is: up to 1.20
   * a cluster of its own, from 1.21 by default an alias, from 1.24 always an alias. And it decides how rules
   * are merged, whose service a client is given, and more (docs/versions.md). Without a patch it counts as the last one.
   * @default the newest that the model was compared with
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
  /**
   * `global.proxy.includeIPRanges` of the injector's values: what sidecars take, where a workload's annotation
   * says nothing. Empty: nothing.
   * @default ["*"]
   */
  includeOutboundIPRanges: string[];
  /** `global.proxy.excludeIPRanges` of the injector's values. @default [] */
  excludeOutboundIPRanges: string[];
  /** `global.proxy.includeOutboundPorts` of the injector's values: ports that sidecars take at every address. @default [] */
  includeOutboundPorts: string[];
  /** `global.proxy.excludeOutboundPorts` of the injector's values: ports that sidecars leave alone. @default [] */
  excludeOutboundPorts: string[];
  /**
   * `meshConfig.protocolDetectionTimeout`: how long a proxy waits for a client's first bytes where it detects
   * the protocol. `0s`: for ever.
   * @default "0s"
   */
  protocolDetectionTimeout: string;
}

/** The modes of `meshConfig.outboundTrafficPolicy`. */
export const OUTBOUND_TRAFFIC_POLICIES = ["ALLOW_ANY", "REGISTRY_ONLY"] as const;
export type OutboundTrafficPolicy = (typeof OUTBOUND_TRAFFIC_POLICIES)[number];

/** The defaults of Istio itself. */
export const DEFAULT_FACTS: MeshFacts = {
  istioVersion: NEWEST_VERSION,
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
  includeOutboundIPRanges: ["*"],
  excludeOutboundIPRanges: [],
  includeOutboundPorts: [],
  excludeOutboundPorts: [],
  protocolDetectionTimeout: "0s",
};

/** What the values of a fact are. */
export type FactValue =
  | "version"
  | "flag"
  | "domain"
  | "namespace"
  | "namespaces"
  | "revision"
  | "ranges"
  | "hosts"
  | "taken ranges"
  | "ports"
  | "duration"
  | "outbound policy";

/** What catalogues, settings of the policy pack, options and lines of JSON say of a fact. */
export interface Fact {
  value: FactValue;
  /** One sentence or more, for references. */
  meaning: string;
  /** A phrase for `--help`. That of a flag which is true by default says that it is off. */
  summary: string;
  /** Whether meshConfig has it, under the same name. @default false */
  inMeshConfig?: true;
}

/** Every fact: the one place that schemas, references and options are made from. */
export const FACTS: { readonly [Name in keyof MeshFacts]-?: Fact } = {
  istioVersion: {
    value: "version",
    meaning:
      "Istio's version, which decides what an ExternalName is: a cluster up to 1.20, then an alias. A version newer than the newest known one counts as that one.",
    summary: "Istio's version",
  },
  externalNameAlias: {
    value: "flag",
    meaning:
      "istiod's `ENABLE_EXTERNAL_NAME_ALIAS`, which Istio 1.20 to 1.23 has. The version decides it by default.",
    summary: "ENABLE_EXTERNAL_NAME_ALIAS is off (Istio 1.21 to 1.23)",
  },
  clusterDomain: {
    value: "domain",
    meaning: "The cluster's DNS domain.",
    summary: "the cluster's DNS domain",
  },
  rootNamespace: {
    value: "namespace",
    meaning: "The namespace whose rules count for the whole mesh.",
    summary: "meshConfig.rootNamespace",
    inMeshConfig: true,
  },
  enableAutoMtls: {
    value: "flag",
    meaning: "`enableAutoMtls` of the mesh configuration.",
    summary: "meshConfig.enableAutoMtls is false",
    inMeshConfig: true,
  },
  defaultDestinationRuleExportTo: {
    value: "namespaces",
    meaning: "`defaultDestinationRuleExportTo` of the mesh configuration.",
    summary: "meshConfig.defaultDestinationRuleExportTo",
    inMeshConfig: true,
  },
  defaultServiceExportTo: {
    value: "namespaces",
    meaning: "`defaultServiceExportTo` of the mesh configuration.",
    summary: "meshConfig.defaultServiceExportTo",
    inMeshConfig: true,
  },
  defaultVirtualServiceExportTo: {
    value: "namespaces",
    meaning: "`defaultVirtualServiceExportTo` of the mesh configuration.",
    summary: "meshConfig.defaultVirtualServiceExportTo",
    inMeshConfig: true,
  },
  revision: {
    value: "revision",
    meaning: "istiod's revision. Rules labelled for another revision don't count.",
    summary: "the control plane's revision",
  },
  clusterCidrs: {
    value: "ranges",
    meaning:
      "Ranges of the cluster's Pods and Services. An alias for an address in one of them is an error.",
    summary: "a Pod or Service range: addresses inside aren't external",
  },
  externalHosts: {
    value: "hosts",
    meaning:
      "Hosts outside that other stacks declare, exact or `*.suffix`. The policy pack guards them too.",
    summary: "a host that is external though its Service isn't given; *.suffix works too",
  },
  outboundTrafficPolicy: {
    value: "outbound policy",
    meaning:
      "`outboundTrafficPolicy.mode` of the mesh configuration: whether a call to a host that Istio doesn't know passes the sidecar.",
    summary: "meshConfig.outboundTrafficPolicy.mode",
  },
  dnsCapture: {
    value: "flag",
    meaning:
      "Whether sidecars answer DNS themselves: `ISTIO_META_DNS_CAPTURE` in the proxies' metadata.",
    summary: "sidecars answer DNS (ISTIO_META_DNS_CAPTURE)",
  },
  includeOutboundIPRanges: {
    value: "taken ranges",
    meaning:
      "`global.proxy.includeIPRanges` of the injector's values: the addresses to which sidecars take calls. `[]`: none.",
    summary: "global.proxy.includeIPRanges of the injector",
  },
  excludeOutboundIPRanges: {
    value: "taken ranges",
    meaning:
      "`global.proxy.excludeIPRanges` of the injector's values: addresses to which sidecars leave calls alone.",
    summary: "global.proxy.excludeIPRanges of the injector",
  },
  includeOutboundPorts: {
    value: "ports",
    meaning:
      "`global.proxy.includeOutboundPorts` of the injector's values: ports that sidecars take at any address.",
    summary: "global.proxy.includeOutboundPorts of the injector",
  },
  excludeOutboundPorts: {
    value: "ports",
    meaning:
      "`global.proxy.excludeOutboundPorts` of the injector's values: ports that sidecars leave alone.",
    summary: "global.proxy.excludeOutboundPorts of the injector",
  },
  protocolDetectionTimeout: {
    value: "duration",
    meaning:
      "`protocolDetectionTimeout` of the mesh configuration: how long proxies wait for a client's first bytes. `0s`: for ever.",
    summary: "meshConfig.protocolDetectionTimeout",
    inMeshConfig: true,
  },
};

/** One of something for each fact. */
export function byFact<T>(
  make: (fact: Fact, name: keyof MeshFacts) => T,
): Record<keyof MeshFacts, T> {
  const names = Object.keys(FACTS) as (keyof MeshFacts)[];
  return Object.fromEntries(names.map((name) => [name, make(FACTS[name], name)])) as Record<
    keyof MeshFacts,
    T
  >;
}
