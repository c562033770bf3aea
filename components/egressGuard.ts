import { ComponentResource, output } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Output } from "@pulumi/pulumi";
import { ValidatingAdmissionPolicy } from "@pulumi/kubernetes/admissionregistration/v1/validatingAdmissionPolicy.js";
import type { ValidatingAdmissionPolicyArgs } from "@pulumi/kubernetes/admissionregistration/v1/validatingAdmissionPolicy.js";
import { ValidatingAdmissionPolicyBinding } from "@pulumi/kubernetes/admissionregistration/v1/validatingAdmissionPolicyBinding.js";
import type { ValidatingAdmissionPolicyBindingArgs } from "@pulumi/kubernetes/admissionregistration/v1/validatingAdmissionPolicyBinding.js";
import type { MeshFacts } from "../mesh/index.js";
import { checkedGuard } from "./guard/checkedGuard.js";
import {
  EXEMPT_NAMESPACES,
  guardObjects,
  type Guard,
  type ValidationAction,
} from "./guard/objects.js";
import type { GuardedAlias, GuardWaiver } from "./guard/parameters.js";
import { MANAGED_BY } from "./resources/labels.js";
import { TOKENS } from "./resources/tokens.js";
import { createChild, inputsOf, type Transform } from "./resources/transform.js";

export type { GuardedAlias, GuardWaiver, ValidationAction };

/** Which aliases are guarded, and what happens to an object that breaks one. */
export interface EgressGuardArgs {
  /**
   * What the policies and their bindings are named after. Two guards of one cluster need two names.
   * @default "istio-egress"
   */
  name?: string;
  /** The aliases that are guarded. An error if one has a name that Kubernetes doesn't take, or no port. */
  aliases: readonly GuardedAlias[];
  /** What is known of the mesh; its externalHosts are guarded too. @default Istio's own defaults */
  mesh?: Partial<MeshFacts>;
  /**
   * What happens to an object that breaks an alias: `Deny` refuses it, `Warn` returns a warning to the
   * client that writes it, `Audit` adds an annotation to the audit log. Mirrors validationActions of a ValidatingAdmissionPolicyBinding.
   * @default ["Deny"]
   */
  validationActions?: readonly ValidationAction[];
  /**
   * Labels, each of which exempts the namespaces that have it.
   * @default { "istio-egress/guard": "exempt" }
   */
  exemptNamespaces?: Readonly<Record<string, string>>;
  /** DestinationRules that are let through until a day. @default none */
  waivers?: readonly GuardWaiver[];
  /** The escape hatch: changes what a child is created with, where no argument does. */
  transform?: {
    policy?: Transform<ValidatingAdmissionPolicyArgs>;
    binding?: Transform<ValidatingAdmissionPolicyBindingArgs>;
  };
}

/**
 * Makes the API server refuse objects that break an alias, from any client: a DestinationRule
 * that says ISTIO_MUTUAL for an external alias, and a Service, Endpoints or EndpointSlice that stands
 * for a metadata service, a loopback or another special address. Admission policies in CEL: no webhook
 * runs. From Kubernetes 1.30.
 *
 * @example
 * new EgressGuard("guard", {
 *   aliases: [{ name: "my-httpbin", namespace: "default", externalName: "httpbin.org", ports: [{ port: 80 }] }],
 * });
 */
export class EgressGuard extends ComponentResource {
  /** The policy for DestinationRules, with the aliases' hosts. */
  readonly rulesPolicy: ValidatingAdmissionPolicy;
  readonly rulesBinding: ValidatingAdmissionPolicyBinding;
  /** The policy for what Services, Endpoints and EndpointSlices stand for. */
  readonly addressesPolicy: ValidatingAdmissionPolicy;
  readonly addressesBinding: ValidatingAdmissionPolicyBinding;
  /** The names of the policies. */
  readonly policies: Output<string[]>;

  constructor(name: string, args: EgressGuardArgs, opts?: ComponentResourceOptions) {
    super(TOKENS.EgressGuard, name, inputsOf(args), opts);
    const { transform, ...declared } = args;
    const checked = checkedGuard(`EgressGuard "${name}"`, declared);
    const { rules, addresses } = guardObjects(
      { ...checked, exemptNamespaces: checked.exemptNamespaces ?? EXEMPT_NAMESPACES },
      checked,
    );
    [this.rulesPolicy, this.rulesBinding] = this.guard(`${name}-rules`, rules, transform);
    [this.addressesPolicy, this.addressesBinding] = this.guard(
      `${name}-addresses`,
      addresses,
      transform,
    );
    this.policies = output([rules.name, addresses.name]);
    this.registerOutputs({ policies: this.policies });
  }

  /** Nothing is refused before the binding is there, and it goes first. */
  private guard(
    name: string,
    { name: own, policy, binding }: Guard,
    transform: EgressGuardArgs["transform"],
  ): [ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding] {
    const metadata = { name: own, labels: MANAGED_BY };
    const admission = createChild(
      ValidatingAdmissionPolicy,
      `${name}-policy`,
      { metadata, spec: policy },
      { parent: this },
      transform?.policy,
    );
    const bound = createChild(
      ValidatingAdmissionPolicyBinding,
      `${name}-binding`,
      { metadata, spec: binding },
      { parent: this, dependsOn: admission },
      transform?.binding,
    );
    return [admission, bound];
  }
}
