/** The stack: what the catalogue in `Pulumi.<stack>.yaml` declares, made of the components. */
import type { Output } from "@pulumi/pulumi";
import { adoption } from "./stack/adoption.js";
import { requestCommands, sourcePodCommand } from "./stack/commands.js";
import { EgressAlias } from "./components/egressAlias.js";
import { EgressGuard } from "./components/egressGuard.js";
import { formerNames, NAMES_SINCE } from "./stack/formerNames.js";
import { requireFileEach } from "./stack/renderedFiles.js";
import { requireIstio } from "./stack/requireIstio.js";
import { stackCatalogue } from "./stack/stackCatalogue.js";
import { stackOptions } from "./stack/stackOptions.js";
import { declareClients } from "./stack/clients.js";
import { encryptedFirst } from "./stack/encryptedFirst.js";
import { aliasInAnyRole } from "./stack/roles.js";

/** Pulumi shows what it returns as the stack's outputs. */
export = async () => {
  const { mesh, clients, aliases, guard, placeOf } = stackCatalogue();
  requireFileEach({ clients, aliases });
  requireIstio({ clients, aliases, placeOf });
  const names = await formerNames(aliases);
  const { provider, protect } = stackOptions();
  if (guard) new EgressGuard(guard.name, { ...guard, aliases, mesh }, { provider, protect });

  const adopted = adoption();
  const namespaces = declareClients(clients, { provider, protect });

  /** The in-cluster name of each alias. */
  const aliasHosts: Record<string, Output<string>> = {};
  /** The address of each alias that has one. */
  const clusterIPs: Record<string, Output<string | undefined>> = {};
  /** The command that prints the name of each client's Pod: the task's SOURCE_POD. */
  const sourcePods = Object.fromEntries(clients.map((c) => [c.namespace, sourcePodCommand(c)]));
  /** The task's requests: each alias called by each client. */
  const requests: Record<string, Output<string[]>> = {};

  encryptedFirst(aliases, ({ call, ...alias }, after) => {
    const { name, namespace, externalName, ports } = alias;
    const id = `${name}.${namespace}`;
    const dependsOn = after.then(() => namespaces[namespace] ?? []);
    const args = { ...alias, mesh, transform: aliasInAnyRole(id, names) };
    const egress = new EgressAlias(id, args, { provider, protect, dependsOn, ...adopted });

    aliasHosts[id] = egress.host;
    if (alias.addresses) clusterIPs[id] = egress.clusterIP;
    const host = `${name}.${namespace}.svc.${mesh.clusterDomain}`;
    requests[id] = egress.clusterIP.apply((clusterIP) =>
      requestCommands(clients, { request: call.request, externalName, ports }, host, clusterIP),
    );
    return egress.service;
  });
  return { aliasHosts, clusterIPs, sourcePods, requests, ...NAMES_SINCE };
};
