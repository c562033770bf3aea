import type { V1Container, V1Pod } from "@kubernetes/client-node";
import type { Network, Program } from "./network.js";

/** Where a network shows the sidecar's programs. */
export const SIDECAR_PROGRAMS = { agent: "/run/tools/agent", envoy: "/run/tools/envoy" };

/** What the kubelet mounts into a sidecar's container besides the Pod's own description. */
export interface SidecarSecrets {
  /** A token of the Pod's service account for the audience `istio-ca`. */
  token: string;
  /** The certificate of istiod's authority, PEM. */
  rootCertificate: string;
}

/** Pods in a network are hosts, named so. */
export function podHost({ metadata }: V1Pod): string {
  return `${metadata?.name}.${metadata?.namespace}`;
}

/** Whether injection has given the Pod a sidecar. */
function sidecarOf({ spec }: V1Pod): V1Container | undefined {
  const containers = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  return containers.find(({ name }) => name === "istio-proxy");
}

/**
 * Does for a Pod what its kubelet would, as far as traffic goes: its address, the capture of its
 * traffic and its sidecar, the latter two exactly as injection has written them into the Pod.
 *
 * @returns the sidecar's agent, where the Pod has one; it isn't ready yet
 */
export async function startPod(
  network: Network,
  pod: V1Pod,
  secrets: () => Promise<SidecarSecrets>,
): Promise<Program | undefined> {
  const host = podHost(pod);
  await network.addHost(host, [pod.status?.podIP ?? ""]);
  const sidecar = sidecarOf(pod);
  if (!sidecar) return undefined;
  await captureTraffic(network, pod);
  return startSidecar(network, pod, sidecar, await secrets());
}

/** The init container's iptables rules: they send all of the Pod's traffic through the sidecar. */
async function captureTraffic(network: Network, pod: V1Pod): Promise<void> {
  const init = pod.spec?.initContainers?.find(({ name }) => name === "istio-init");
  const command = [`${SIDECAR_PROGRAMS.agent}/pilot-agent`, ...(init?.args ?? [])];
  const { exitCode, stdout, stderr } = await network.run(podHost(pod), command, {
    environment: init ? environmentOf(init, pod) : {},
  });
  if (exitCode !== 0) throw new Error(`istio-init of ${podHost(pod)} failed:\n${stdout}${stderr}`);
}

function startSidecar(
  network: Network,
  pod: V1Pod,
  sidecar: V1Container,
  { token, rootCertificate }: SidecarSecrets,
): Program {
  const directory = `/run/pods/${podHost(pod)}`;
  // It captures all traffic but its own, which it recognizes by the user.
  const user = sidecar.securityContext?.runAsUser ?? 1337;
  const files = {
    "var/run/secrets/tokens/istio-token": token,
    "var/run/secrets/istio/root-cert.pem": rootCertificate,
    "etc/istio/pod/labels": downwardApi(pod.metadata?.labels),
    "etc/istio/pod/annotations": downwardApi(pod.metadata?.annotations),
    // The folder in which the agent writes Envoy's bootstrap.
    "etc/istio/proxy/.keep": "",
    "var/run/secrets/.keep": "",
    ".keep": "",
  };
  for (const [file, content] of Object.entries(files)) {
    network.write(`${directory}/${file}`, content, user);
  }
  const { agent, envoy } = SIDECAR_PROGRAMS;
  const environment = environmentOf(sidecar, pod);
  const args = (sidecar.args ?? []).map((argument) => expanded(argument, environment));
  return network.start({
    name: `the sidecar of ${podHost(pod)}`,
    host: podHost(pod),
    command: [`${agent}/pilot-agent`, ...args, `--templateFile=${agent}/envoy_bootstrap.json`],
    environment: {
      ...environment,
      PROXY_CONFIG: JSON.stringify({ binaryPath: `${envoy}/envoy` }),
      // Else it looks for a cloud's metadata server.
      CLOUD_PLATFORM: "none",
    },
    user,
    directory,
  });
}

/** A container's environment; limits (`resourceFieldRef`) don't hold here, so they are left out. */
function environmentOf({ env = [] }: V1Container, pod: V1Pod): Record<string, string> {
  return Object.fromEntries(
    env.flatMap(({ name, value, valueFrom }): [string, string][] => {
      const field = valueFrom?.fieldRef?.fieldPath;
      if (field !== undefined) return [[name, fieldOf(pod, field)]];
      return valueFrom ? [] : [[name, value ?? ""]];
    }),
  );
}

/** A field by its path: `metadata.name`. */
function fieldOf(pod: V1Pod, field: string): string {
  const value = field
    .split(".")
    .reduce<unknown>((found, key) => (found as Record<string, unknown>)?.[key], pod);
  return typeof value === "string" ? value : "";
}

/** Kubernetes' own substitution in arguments: `$(POD_NAMESPACE)`. */
function expanded(argument: string, environment: Record<string, string>): string {
  return argument.replace(/\$\((\w+)\)/g, (whole, name: string) => environment[name] ?? whole);
}

/** The form in which the downward API writes labels and annotations into a file. */
function downwardApi(values: Record<string, string> = {}): string {
  return Object.entries(values)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}\n`)
    .join("");
}
