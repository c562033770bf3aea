import { Config } from "@pulumi/pulumi";
import { Provider } from "@pulumi/kubernetes/provider.js";

/** Whether the running stack writes YAML files for others to apply, and reaches no cluster. */
export function rendersYaml(): boolean {
  return Boolean(new Config("kubernetes").get("renderYamlToDirectory"));
}

/**
 * The cluster that the running stack names by `istio-egress:kubeconfig` (a path, or what is in the
 * file) and `istio-egress:context`.
 *
 * @returns undefined if it names none: then it is the ambient one (KUBECONFIG), or a folder of YAML
 *   files (`kubernetes:renderYamlToDirectory`)
 */
export function stackProvider(): Provider | undefined {
  const config = new Config("istio-egress");
  // A kubeconfig may hold credentials: it is a secret in the state, however it was set.
  const kubeconfig = config.getSecret("kubeconfig");
  const context = config.get("context");
  // Where the default provider renders YAML files there is no cluster to name.
  if (rendersYaml() || !(kubeconfig || context)) return undefined;
  return new Provider("cluster", { kubeconfig, context });
}
