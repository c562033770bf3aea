import { ComponentResource, output } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Input, Output } from "@pulumi/pulumi";
import { egressTlsObjects, type NamedSpec } from "./alias/egressTlsObjects.js";
import type { EgressTlsArgs } from "./alias/tlsIntent.js";
import { DestinationRule, ServiceEntry, VirtualService } from "./resources/istio.js";
import type {
  DestinationRuleSpec,
  IstioArgs,
  ServiceEntrySpec,
  VirtualServiceSpec,
} from "./resources/istio.js";
import { MANAGED_BY } from "./resources/labels.js";
import { TOKENS } from "./resources/tokens.js";
import { createChild, inputsOf, type Transform } from "./resources/transform.js";

export interface EgressTlsRuleArgs extends EgressTlsArgs {
  transform?: {
    rule?: Transform<IstioArgs<DestinationRuleSpec>>;
    serviceEntry?: Transform<IstioArgs<ServiceEntrySpec>>;
    targetRule?: Transform<IstioArgs<DestinationRuleSpec>>;
    virtualService?: Transform<IstioArgs<VirtualServiceSpec>>;
  };
}

/**
 * What a client's sidecar does with TLS towards an alias.
 *
 * @example
 * new EgressTlsRule("my-wikipedia", {
 *   name: "my-wikipedia",
 *   host: wikipedia.host,
 *   ports: [{ name: "tls", port: 443 }],
 *   tls: { mode: "DISABLE" },
 * }, { dependsOn: wikipedia });
 *
 * @example
 * // Workloads speak plain HTTP; Istio makes it TLS to httpbin.org:443.
 * new EgressTlsRule("my-httpbin", {
 *   name: "my-httpbin",
 *   host: httpbin.host,
 *   externalName: "httpbin.org",
 *   ports: [{ name: "http", port: 80, targetPort: 443 }],
 *   tls: { mode: "SIMPLE", sni: "httpbin.org", subjectAltNames: ["httpbin.org"] },
 * }, { dependsOn: httpbin });
 */
export class EgressTlsRule extends ComponentResource {
  /** The rule on the alias. */
  readonly rule: DestinationRule;
  /** Makes the target known to Istio, which then lets the alias share its cluster. */
  readonly serviceEntry?: ServiceEntry;
  readonly targetRule?: DestinationRule;
  /**
   * Where the sidecar encrypts HTTP: gives requests the server's name for a Host header. One server
   * has many names, and would refuse the alias's or answer for another.
   */
  readonly virtualService?: VirtualService;
  /** The host whose rule clients really follow: the alias, or its target. */
  readonly effectiveHost: Output<string>;

  constructor(name: string, args: EgressTlsRuleArgs, opts?: ComponentResourceOptions) {
    super(TOKENS.EgressTlsRule, name, inputsOf(args), opts);
    const { namespace = "default", transform } = args;
    const { rule, serviceEntry, targetRule, virtualService } = egressTlsObjects(args);
    const parent = { parent: this };
    this.rule = createChild(
      DestinationRule,
      `${name}-rule`,
      manifest(namespace, rule),
      parent,
      transform?.rule,
    );
    if (serviceEntry) {
      this.serviceEntry = createChild(
        ServiceEntry,
        `${name}-serviceentry`,
        manifest(namespace, serviceEntry),
        parent,
        transform?.serviceEntry,
      );
    }
    if (targetRule) {
      this.targetRule = createChild(
        DestinationRule,
        `${name}-target-rule`,
        manifest(namespace, targetRule),
        // A rule for a host that Istio doesn't know yet would be flagged as dead.
        { ...parent, dependsOn: this.serviceEntry ?? [] },
        transform?.targetRule,
      );
    }
    if (virtualService) {
      this.virtualService = createChild(
        VirtualService,
        `${name}-virtualservice`,
        manifest(namespace, virtualService),
        { ...parent, dependsOn: this.serviceEntry ?? [] },
        transform?.virtualService,
      );
    }
    this.effectiveHost = output((targetRule ?? rule).spec.host);
    this.registerOutputs({ effectiveHost: this.effectiveHost });
  }
}

function manifest<Spec>(
  namespace: Input<string>,
  { name, spec }: NamedSpec<Spec>,
): IstioArgs<Spec> {
  return { metadata: { name, namespace, labels: MANAGED_BY }, spec };
}
