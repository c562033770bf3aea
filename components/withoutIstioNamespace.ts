import { ComponentResource, output } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Input, Output } from "@pulumi/pulumi";
import { Namespace } from "@pulumi/kubernetes/core/v1/namespace.js";
import type { NamespaceArgs } from "@pulumi/kubernetes/core/v1/namespace.js";
import { INJECTION_LABEL, MANAGED_BY } from "./resources/labels.js";
import { TOKENS } from "./resources/tokens.js";
import { createChild, inputsOf, type Transform } from "./resources/transform.js";

/** A namespace whose Pods get no sidecar. */
export interface WithoutIstioNamespaceArgs {
  /** Name of the namespace. @default "without-istio" */
  name?: Input<string>;
  /**
   * Write `istio-injection: disabled`. An unlabelled namespace, as `kubectl create namespace`
   * makes it, gets sidecars on a mesh with `enableNamespacesByDefault`.
   * @default true
   */
  optOutLabel?: boolean;
  /** The escape hatch: changes what a child is created with, where no argument does. */
  transform?: { namespace?: Transform<NamespaceArgs> };
}

/**
 * A namespace of its own for clients that Istio leaves alone.
 *
 * @example
 * const outside = new WithoutIstioNamespace("without-istio");
 * new SleepDeployment("sleep", { namespace: outside.name }, { dependsOn: outside });
 */
export class WithoutIstioNamespace extends ComponentResource {
  /** The Namespace. */
  readonly namespace: Namespace;
  /** The namespace's name. */
  readonly name: Output<string>;

  constructor(name: string, args: WithoutIstioNamespaceArgs = {}, opts?: ComponentResourceOptions) {
    super(TOKENS.WithoutIstioNamespace, name, inputsOf(args), opts);
    const namespace = args.name ?? "without-istio";
    const labels: Record<string, string> = { ...MANAGED_BY };
    if (args.optOutLabel ?? true) labels[INJECTION_LABEL] = "disabled";
    this.namespace = createChild(
      Namespace,
      `${name}-namespace`,
      { metadata: { name: namespace, labels } },
      { parent: this },
      args.transform?.namespace,
    );
    this.name = output(namespace);
    this.registerOutputs({ name: this.name });
  }
}
