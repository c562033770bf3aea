/**
 * What a user declares in `Pulumi.<stack>.yaml` under `istio-egress:catalogue`: the clients, the
 * aliases with their TLS intents, and what is known of the mesh. Imports no Pulumi SDK.
 */
import { CATALOGUE_KEY, CatalogueError, catalogueIssues } from "./error.js";
import { ONE_PLACE, type Places } from "./places.js";
import { createsNamespace, dataplaneOf, findings } from "./rules.js";
import { declared } from "./schema.js";
import type { Declared, DeclaredAlias, DeclaredTls } from "./schema.js";
import type { Catalogue, CatalogueAlias, CatalogueTls } from "./types.js";

export { CATALOGUE_KEY, CatalogueError } from "./error.js";
export type { CatalogueIssue } from "./error.js";
export type * from "./types.js";

/** A whole catalogue. Its rules between keys run on whatever keys are sound, so that all mistakes show at once. */
const catalogueIn = (places: Places) =>
  declared.superRefine(
    (value, context) => {
      for (const { path, message } of findings(value, context.issues, places)) {
        context.addIssue({ code: "custom", path, message });
      }
    },
    { when: ({ value }) => typeof value === "object" && value !== null && !Array.isArray(value) },
  );

const inOnePlace = catalogueIn(ONE_PLACE);

/**
 * Reads a catalogue as it stands in a stack file.
 *
 * @param value what `istio-egress:catalogue` holds
 * @param where the file, for messages: `Pulumi.dev.yaml`
 * @param places where its parts come from; @default that file
 * @throws CatalogueError with every mistake, each saying where it is and what to write instead
 */
export function parseCatalogue(value: unknown, where: string, places = ONE_PLACE): Catalogue {
  if (value === undefined || value === null) {
    const message = "missing; write the clients and aliases of this stack";
    throw new CatalogueError(where, [{ key: CATALOGUE_KEY, message }]);
  }
  const schema = places === ONE_PLACE ? inOnePlace : catalogueIn(places);
  const result = schema.safeParse(value);
  if (!result.success) throw new CatalogueError(where, catalogueIssues(result.error, places));
  return complete(result.data);
}

/** Adds the defaults that follow from other keys. */
function complete({ mesh, clients, aliases, guard }: Declared): Catalogue {
  return {
    mesh,
    clients: clients.map((client) => ({
      ...client,
      dataplane: dataplaneOf(client),
      injected: dataplaneOf(client) === "sidecar",
      createNamespace: createsNamespace(client),
      optOutLabel: client.optOutLabel ?? true,
    })),
    aliases: aliases.map(completeAlias),
    guard,
  };
}

/** What the assertions rely on, the schema's rules made sure of. */
function completeAlias(alias: DeclaredAlias): CatalogueAlias {
  const {
    request,
    answer,
    inside,
    resolves,
    endpointsApi,
    externalName,
    addresses = [],
    ...rest
  } = alias;
  const common = { ...rest, call: { request, answer }, tls: completeTls(rest.tls, externalName) };
  if (externalName !== undefined) {
    const { service, namespace } = inside ?? {};
    const place = service === undefined ? {} : { inside: { service, namespace } };
    return { ...common, externalName, addresses: undefined, ...place } as CatalogueAlias;
  }
  const { selector, targetPorts } = inside ?? {};
  const place = selector === undefined ? {} : { inside: { selector, targetPorts } };
  const carried = {
    addresses,
    ...(resolves !== undefined && { resolves }),
    endpointsApi: endpointsApi ?? ("Endpoints" as const),
  };
  return { ...common, externalName, ...carried, ...place } as CatalogueAlias;
}

function completeTls(tls: DeclaredTls, externalName: string | undefined): CatalogueTls {
  if (tls.mode === "DISABLE") return tls;
  const sni = tls.sni ?? externalName!;
  const server = { sni, subjectAltNames: tls.subjectAltNames ?? [sni] };
  if (tls.credentialName !== undefined) {
    const { mode, credentialName } = tls;
    return { mode, ...server, credentialName, workloadSelector: tls.workloadSelector! };
  }
  const { caCertificates } = tls;
  if (tls.mode === "SIMPLE") return { mode: tls.mode, ...server, caCertificates };
  const { mode, clientCertificate, privateKey } = tls;
  return {
    mode,
    ...server,
    caCertificates,
    clientCertificate: clientCertificate!,
    privateKey: privateKey!,
  };
}
