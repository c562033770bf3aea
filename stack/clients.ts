import { log, type Resource } from "@pulumi/pulumi";
import type { CatalogueClient } from "../catalogue/catalogue.js";
import { InjectedNamespace } from "../components/injectedNamespace.js";
import { SleepDeployment } from "../components/sleepDeployment.js";
import type { StackOptions } from "./stackOptions.js";
import { INJECTION_LABEL } from "../components/resources/labels.js";
import { WithoutIstioNamespace } from "../components/withoutIstioNamespace.js";
import { rendersYaml } from "./stackProvider.js";
import { clientInAnyRole, namespaceInAnyRole } from "./roles.js";

/**
 * Declares each client's namespace, as far as it is the stack's to make or to label, and its workload.
 *
 * @returns what else in a namespace has to wait for, by the namespace's name
 */
export function declareClients(
  clients: readonly CatalogueClient[],
  { provider, protect }: StackOptions,
): Record<string, Resource[]> {
  // A namespace takes along whatever is in it, so even when protection is lifted it stays.
  const kept = { provider, protect, retainOnDelete: protect };
  const namespaces: Record<string, Resource[]> = {};
  for (const { namespace, injected, dataplane, ...client } of clients) {
    const { createNamespace, optOutLabel, ...sleep } = client;
    const isInMesh = dataplane !== "none";
    const of = { name: namespace, transform: namespaceInAnyRole(namespace) };
    if (isInMesh && !createNamespace && rendersYaml()) {
      // A file is a whole object: a tool that applies it deletes the namespace when the file is removed.
      const isAmbient = dataplane === "ambient";
      const label = isAmbient ? "istio.io/dataplane-mode=ambient" : `${INJECTION_LABEL}=enabled`;
      void log.warn(
        `namespace ${namespace} isn't this stack's, so no file labels it for ` +
          `${isAmbient ? "ambient mode" : "sidecars"}; type  kubectl label namespace ${namespace} ${label}`,
      );
    } else if (isInMesh) {
      // What has always been given stays as it was: an argument more is a change of the component.
      const args = {
        ...of,
        create: createNamespace,
        ...(dataplane === "ambient" && { dataplane }),
      };
      namespaces[namespace] = [new InjectedNamespace(namespace, args, kept)];
    } else if (createNamespace) {
      namespaces[namespace] = [new WithoutIstioNamespace(namespace, { ...of, optOutLabel }, kept)];
    }
    const id = `${sleep.name}.${namespace}`;
    const args = {
      ...sleep,
      namespace,
      // A Pod in ambient mode needs no word against a sidecar.
      ...(dataplane !== "ambient" && { injected }),
      transform: clientInAnyRole(id),
    };
    const dependsOn = namespaces[namespace] ?? [];
    new SleepDeployment(id, args, { provider, protect, dependsOn });
  }
  return namespaces;
}
