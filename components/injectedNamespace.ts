import { ComponentResource, output } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Input, Output } from "@pulumi/pulumi";
import { Namespace } from "@pulumi/kubernetes/core/v1/namespace.js";
import type { NamespaceArgs } from "@pulumi/kubernetes/core/v1/namespace.js";
import { NamespacePatch } from "@pulumi/kubernetes/core/v1/namespacePatch.js";
import type { NamespacePatchArgs } from "@pulumi/kubernetes/core/v1/namespacePatch.js";
import { AMBIENT, INJECTION_LABEL, MANAGED_BY } from "./resources/labels.js";
import { TOKENS } from "./resources/tokens.js";
import { createChild, inputsOf, type Transform } from "./resources/transform.js";

/** A namespace whose Pods are in the mesh. */
export interface InjectedNamespaceArgs {
  /** Name of the namespace. @example "shop" */
  name: Input<string>;
  /**
   * Whether the component creates the namespace and deletes it. Otherwise the namespace exists: the
   * component only labels it, by server-side apply, and removes the label on destroy. A namespace that
   * someone else already labelled differently is a conflict that the provider reports.
   * @default false
   */
  create?: boolean;
  /**
   * How its Pods take part in the mesh: by sidecars (`istio-injection: enabled`), or by their nodes' ztunnel
   * (`istio.io/dataplane-mode: ambient`).
   * @default "sidecar"
   */
  dataplane?: "sidecar" | "ambient";
  /** The escape hatch: changes what a child is created with, where no argument does. */
  transform?: { namespace?: Transform<NamespaceArgs>; patch?: Transform<NamespacePatchArgs> };
}

/**
 * A namespace whose new Pods get Istio's sidecar (`istio-injection: enabled`), or are in ambient mode.
 *
 * @example
 * const mesh = new InjectedNamespace("default", { name: "default" });
 * // Pods made before the label have no sidecar: so dependsOn.
 * new SleepDeployment("sleep", { namespace: "default" }, { dependsOn: mesh });
 */
export class InjectedNamespace extends ComponentResource {
  /** The Namespace that was created, or the patch of an existing one. */
  readonly namespace: Namespace | NamespacePatch;
  /** The namespace's name. */
  readonly name: Output<string>;

  constructor(name: string, args: InjectedNamespaceArgs, opts?: ComponentResourceOptions) {
    super(TOKENS.InjectedNamespace, name, inputsOf(args), opts);
    const injection = args.dataplane === "ambient" ? AMBIENT : { [INJECTION_LABEL]: "enabled" };
    this.namespace = args.create
      ? createChild(
          Namespace,
          `${name}-namespace`,
          { metadata: { name: args.name, labels: { ...MANAGED_BY, ...injection } } },
          { parent: this },
          args.transform?.namespace,
        )
      : createChild(
          NamespacePatch,
          `${name}-label`,
          { metadata: { name: args.name, labels: injection } },
          { parent: this },
          args.transform?.patch,
        );
    this.name = output(args.name);
    this.registerOutputs({ name: this.name });
  }
}
