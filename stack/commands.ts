/** The task's command lines for a catalogue, to paste into a shell. */
import type { CatalogueAlias, CatalogueClient } from "../catalogue/catalogue.js";
import { protocolOf } from "../catalogue/ports.js";

/** Prints the name of a client's Pod: the task's SOURCE_POD. */
export function sourcePodCommand({ name, namespace }: CatalogueClient): string {
  return `kubectl get pod -n ${namespace} -l app=${name} -o jsonpath={.items..metadata.name}`;
}

/** What a request needs to know of an alias. */
export type RequestedAlias = Pick<CatalogueAlias, "ports"> & {
  request?: string;
  externalName?: string;
};

/**
 * The URL that shows an alias at work: the declared one, else the alias itself on its first HTTP port.
 *
 * @returns undefined where none is declared and none can be made up
 */
export function requestUrl({ request, ports }: RequestedAlias, host: string): URL | undefined {
  if (request !== undefined) return new URL(request);
  const http = ports.find((port) => protocolOf(port.name) === "http");
  return http && new URL(`http://${host}:${String(http.port)}/`);
}

/** The port that a URL calls. */
export function portOf({ port, protocol }: URL): number {
  return Number(port) || (protocol === "https:" ? 443 : 80);
}

/**
 * What curl is given to call an alias. Where the request is for a name of the target's own, curl
 * resolves that name to the alias: by its cluster IP, or by name for an ExternalName, which has none.
 *
 * @param clusterIP undefined where there is none, or a preview can't know it
 */
export function curlArguments(
  url: URL,
  { externalName }: RequestedAlias,
  host: string,
  clusterIP: string | undefined,
): string[] {
  const { hostname } = url;
  if (hostname === host) return ["-sS", url.href];
  const port = portOf(url);
  const asAlias =
    externalName === undefined
      ? ["--resolve", `${hostname}:${port}:${clusterIP ?? "<cluster IP>"}`]
      : ["--connect-to", `${hostname}:${port}:${host}:${port}`];
  return ["-sS", ...asAlias, url.href];
}

/** {@link curlArguments} in each client's Pod; empty where there is nothing to call. */
export function requestCommands(
  clients: readonly CatalogueClient[],
  alias: RequestedAlias,
  host: string,
  clusterIP: string | undefined,
): string[] {
  const url = requestUrl(alias, host);
  if (url === undefined) return [];
  const curl = ["curl", ...curlArguments(url, alias, host, clusterIP)].map(shellWord).join(" ");
  return clients.map(
    (client) =>
      `kubectl exec "$(${sourcePodCommand(client)})" -n ${client.namespace} -c ${client.name} -- ${curl}`,
  );
}

/** An argument as a POSIX shell reads it back. */
export function shellWord(argument: string): string {
  return /^[\w%+,./:=@-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}
