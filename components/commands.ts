/** The task's command lines for a catalogue, to paste into a shell. */
import type { CatalogueAlias, CatalogueClient } from "./catalogue.js";
import { protocolOf } from "./ports.js";

/** Prints the name of a client's Pod: the task's SOURCE_POD. */
export function sourcePodCommand({ name, namespace }: CatalogueClient): string {
  return `kubectl get pod -n ${namespace} -l app=${name} -o jsonpath={.items..metadata.name}`;
}

/**
 * Calls an alias from each client. Where the request is for a name of the target's own, curl
 * resolves that name to the alias: by its cluster IP, or by name for an ExternalName, which has none.
 *
 * @returns empty where the catalogue names no request and none can be made up
 */
export function requestCommands(
  clients: readonly CatalogueClient[],
  alias: Pick<CatalogueAlias, "request" | "ports">,
  host: string,
  clusterIP: string | undefined,
): string[] {
  const url = alias.request ?? defaultRequest(alias, host);
  if (url === undefined) return [];
  const { hostname, port, protocol } = new URL(url);
  const number = port || (protocol === "https:" ? "443" : "80");
  const asAlias = clusterIP
    ? `--resolve ${hostname}:${number}:${clusterIP} `
    : `--connect-to ${hostname}:${number}:${host}:${number} `;
  const curl = `curl -sS ${hostname === host ? "" : asAlias}${url}`;
  return clients.map(
    (client) =>
      `kubectl exec "$(${sourcePodCommand(client)})" -n ${client.namespace} -c ${client.name} -- ${curl}`,
  );
}

function defaultRequest(
  { ports }: Pick<CatalogueAlias, "ports">,
  host: string,
): string | undefined {
  const http = ports.find((port) => protocolOf(port.name) === "http");
  return http && `http://${host}${http.port === 80 ? "" : `:${http.port}`}/`;
}
