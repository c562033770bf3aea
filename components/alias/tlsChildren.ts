/**
 * The rules of an alias and what its target needs: what an EgressTlsRule is made of, and the half of
 * an EgressAlias that is about TLS.
 */
import type { CustomResource, Input } from "@pulumi/pulumi";
import { type ChildOptions, childOptions } from "../resources/child.js";
import { DestinationRule, ServiceEntry, VirtualService } from "../resources/istio.js";
import type {
  DestinationRuleSpec,
  IstioArgs,
  ServiceEntrySpec,
  VirtualServiceSpec,
} from "../resources/istio.js";
import { ISTIO_API_VERSION } from "../resources/istioApi.js";
import { MANAGED_BY } from "../resources/labels.js";
import { createChild, type Extensible, type Transform } from "../resources/transform.js";
import { egressTlsObjects, type NamedSpec } from "./egressTlsObjects.js";
import type { EgressTlsArgs } from "./tlsIntent.js";

/** How TLS is meant to work towards an alias, and how its objects are named. */
export interface EgressTlsRuleArgs extends EgressTlsArgs {
  /**
   * Pulumi's name for what is written for the target. It follows the target, so that an alias can
   * be renamed, or leave its target to another, and the target's objects stay. Give one where the
   * program writes the same target into one namespace of two clusters.
   * @default `<externalName>.<namespace>`; the component's own name where one of them is an Output
   */
  targetName?: string;
  /** The escape hatch: changes what a child is created with, where no argument does. */
  transform?: {
    rule?: Transform<IstioArgs<Extensible<DestinationRuleSpec>>>;
    serviceEntry?: Transform<IstioArgs<Extensible<ServiceEntrySpec>>>;
    targetRule?: Transform<IstioArgs<Extensible<DestinationRuleSpec>>>;
    virtualService?: Transform<IstioArgs<Extensible<VirtualServiceSpec>>>;
  };
}

/** What decides on TLS towards an alias. */
export interface TlsChildren {
  /** The rule on the alias. */
  rule: DestinationRule;
  serviceEntry?: ServiceEntry;
  targetRule?: DestinationRule;
  virtualService?: VirtualService;
  /** The host whose rule clients really follow: the alias, or its target. */
  effectiveHost: Input<string>;
}

/** Creates them in an order in which Istio never knows a target without its rule, nor when both go. */
// eslint-disable-next-line max-lines-per-function -- four objects, one after the other
export function createTlsChildren(
  name: string,
  args: EgressTlsRuleArgs,
  opts: ChildOptions,
): TlsChildren {
  const { namespace = "default", transform } = args;
  const { rule, serviceEntry, targetRule, virtualService } = egressTlsObjects(args);
  const target = targetName(args);
  const child = childrenOf(name, target, opts);
  const made: TlsChildren = {
    rule: createChild(
      DestinationRule,
      `${name}-rule`,
      manifest(namespace, rule),
      child("DestinationRule", `${name}-rule`),
      transform?.rule,
    ),
    effectiveHost: (targetRule ?? rule).spec.host,
  };
  if (targetRule) {
    const own = target === undefined ? `${name}-target-rule` : `${target}-rule`;
    made.targetRule = createChild(
      DestinationRule,
      own,
      manifest(namespace, targetRule),
      child("DestinationRule", own, [], "target-rule"),
      transform?.targetRule,
    );
  }
  if (serviceEntry) {
    const own = `${target ?? name}-serviceentry`;
    made.serviceEntry = createChild(
      ServiceEntry,
      own,
      manifest(namespace, serviceEntry),
      child("ServiceEntry", own, [made.targetRule!], "serviceentry"),
      transform?.serviceEntry,
    );
  }
  if (virtualService) {
    const own = `${(serviceEntry && target) ?? name}-virtualservice`;
    // A route to a host that Istio doesn't know yet would answer 503.
    made.virtualService = createChild(
      VirtualService,
      own,
      manifest(namespace, virtualService),
      child(
        "VirtualService",
        own,
        made.serviceEntry && [made.serviceEntry],
        serviceEntry && "virtualservice",
      ),
      transform?.virtualService,
    );
  }
  return made;
}

/**
 * Options of the children. Up to version 0.1 an object of the target went by the alias's name: then
 * `formerSuffix` is what stood after it.
 */
function childrenOf(name: string, target: string | undefined, opts: ChildOptions) {
  return (kind: string, own: string, after: CustomResource[] = [], formerSuffix?: string) => {
    const isRenamed = target !== undefined && formerSuffix !== undefined;
    const formerName = isRenamed ? `${name}-${formerSuffix}` : undefined;
    const type = `kubernetes:${ISTIO_API_VERSION}:${kind}`;
    return childOptions(opts, { type, name: own, formerName }, after);
  };
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
