/** The type tokens of our components, as they stand in URNs and state. Never rename one without an alias. */
export const TOKENS = {
  WithoutIstioNamespace: "istio-egress:clients:WithoutIstioNamespace",
  InjectedNamespace: "istio-egress:clients:InjectedNamespace",
  SleepDeployment: "istio-egress:clients:SleepDeployment",
  EgressAlias: "istio-egress:aliases:EgressAlias",
  ExternalService: "istio-egress:aliases:ExternalService",
  EgressTlsRule: "istio-egress:aliases:EgressTlsRule",
  EgressGuard: "istio-egress:guard:EgressGuard",
} as const;
