import { ComponentResource, output } from "@pulumi/pulumi";
import type { ComponentResourceOptions, CustomResource, Input, Output } from "@pulumi/pulumi";
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
import { createChild, type Extensible, inputsOf, type Transform } from "./resources/transform.js";

export interface EgressTlsRuleArgs extends EgressTlsArgs {
  /**
   * Pulumi's name for what is written for the target. It follows the target, so that an alias can
   * be renamed, or leave its target to another, and the target's objects stay. Give one where the
   * program writes the same target into one namespace of two clusters.
   * @default `<externalName>.<namespace>`; the component's own name where one of them is an Output
   */
  targetName?: string;
  transform?: {
    rule?: Transform<IstioArgs<Extensible<DestinationRuleSpec>>>;
    serviceEntry?: Transform<IstioArgs<Extensible<ServiceEntrySpec>>>;
    targetRule?: Transform<IstioArgs<Extensible<DestinationRuleSpec>>>;
    virtualService?: Transform<IstioArgs<Extensible<VirtualServiceSpec>>>;
  };
}

/**
 * What a client's sidecar does with TLS towards an alias.
 *
 * @example
 * const rule = new EgressTlsRule("my-wikipedia", {
 *   name: "my-wikipedia",
 *   host: "my-wikipedia.default.svc.cluster.local",
 *   ports: [{ name: "tls", port: 443 }],
 *   tls: { mode: "DISABLE" },
 * });
 * // The Service comes after its rule and goes before it: no client ever meets it without.
 * new ExternalService("my-wikipedia", { ... }, { dependsOn: rule });
 *
 * @example
 * // Workloads speak plain HTTP; Istio makes it TLS to httpbin.org:443.
 * new EgressTlsRule("my-httpbin", {
 *   name: "my-httpbin",
 *   host: "my-httpbin.default.svc.cluster.local",
 *   externalName: "httpbin.org",
 *   ports: [{ name: "http", port: 80, targetPort: 443 }],
 *   tls: { mode: "SIMPLE", sni: "httpbin.org", subjectAltNames: ["httpbin.org"] },
 * });
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
    const target = targetName(args);
    /** Options of an object of the target: up to version 0.1 it went by the alias's name. */
    const shared = (former: string, after: CustomResource[]) => ({
      ...parent,
      dependsOn: after,
      aliases: target === undefined ? [] : [{ name: `${name}-${former}` }],
    });
    if (targetRule) {
      this.targetRule = createChild(
        DestinationRule,
        target === undefined ? `${name}-target-rule` : `${target}-rule`,
        manifest(namespace, targetRule),
        shared("target-rule", []),
        transform?.targetRule,
      );
    }
    if (serviceEntry) {
      this.serviceEntry = createChild(
        ServiceEntry,
        `${target ?? name}-serviceentry`,
        manifest(namespace, serviceEntry),
        // Istio never knows the target without its rule: not before, and not when both go.
        shared("serviceentry", [this.targetRule!]),
        transform?.serviceEntry,
      );
    }
    if (virtualService) {
      this.virtualService = createChild(
        VirtualService,
        `${(serviceEntry && target) ?? name}-virtualservice`,
        manifest(namespace, virtualService),
        // A route to a host that Istio doesn't know yet would answer 503.
        this.serviceEntry ? shared("virtualservice", [this.serviceEntry]) : parent,
        transform?.virtualService,
      );
    }
    this.effectiveHost = output((targetRule ?? rule).spec.host);
    this.registerOutputs({ effectiveHost: this.effectiveHost });
  }
}

/**
 * What the objects of the target are called in Pulumi: what decides their names in Kubernetes and
 * nothing else, so that they stay as they are when another alias takes the target over.
 *
 * @returns undefined where there is no target, or its name isn't known before the update
 */
function targetName({
  externalName,
  namespace = "default",
  targetName,
}: EgressTlsRuleArgs): string | undefined {
  if (targetName !== undefined) return targetName;
  const isPlain = typeof externalName === "string" && typeof namespace === "string";
  return isPlain ? `${externalName}.${namespace}` : undefined;
}

function manifest<Spec>(
  namespace: Input<string>,
  { name, spec }: NamedSpec<Spec>,
): IstioArgs<Extensible<Spec>> {
  // Fields may be added by a transform; what is here has none of them.
  return { metadata: { name, namespace, labels: MANAGED_BY }, spec: spec as Extensible<Spec> };
}
