/** The task's command lines for a catalogue, to paste into a shell. */
import type { CatalogueAlias, CatalogueClient } from "./catalogue.js";
import { protocolOf } from "./ports.js";

/** Prints the name of a client's Pod: the task's SOURCE_POD. */
export function sourcePodCommand({ name, namespace }: CatalogueClient): string {
  return `kubectl get pod -n ${namespace} -l app=${name} -o jsonpath={.items..metadata.name}`;
}

/** What a request needs to know of an alias. */
type RequestedAlias = Pick<CatalogueAlias, "request" | "ports"> & { externalName?: string };

/**
 * Calls an alias from each client. Where the request is for a name of the target's own, curl
 * resolves that name to the alias: by its cluster IP, or by name for an ExternalName, which has none.
 *
 * @param clusterIP undefined where there is none, or a preview can't know it
 * @returns empty where the catalogue names no request and none can be made up
 */
export function requestCommands(
  clients: readonly CatalogueClient[],
  alias: RequestedAlias,
  host: string,
  clusterIP: string | undefined,
): string[] {
  const url = alias.request ?? defaultRequest(alias, host);
  if (url === undefined) return [];
  const { hostname, port, protocol } = new URL(url);
  const number = port || (protocol === "https:" ? "443" : "80");
  const asAlias =
    alias.externalName === undefined
      ? `--resolve ${hostname}:${number}:${clusterIP ?? "<cluster IP>"} `
      : `--connect-to ${hostname}:${number}:${host}:${number} `;
  const curl = `curl -sS ${hostname === host ? "" : asAlias}${url}`;
  return clients.map(
    (client) =>
      `kubectl exec "$(${sourcePodCommand(client)})" -n ${client.namespace} -c ${client.name} -- ${curl}`,
  );
}

function defaultRequest({ ports }: RequestedAlias, host: string): string | undefined {
  const http = ports.find((port) => protocolOf(port.name) === "http");
  return http && `http://${host}${http.port === 80 ? "" : `:${http.port}`}/`;
}
