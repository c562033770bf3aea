/** The stack: what the catalogue in `Pulumi.<stack>.yaml` declares, made of the components. */
import { all, type Output } from "@pulumi/pulumi";
import { requestCommands, sourcePodCommand } from "./stack/commands.js";
import { EgressGuard } from "./components/egressGuard.js";
import { EgressTlsRule } from "./components/egressTlsRule.js";
import { ExternalService } from "./components/externalService.js";
import { requireIstio } from "./stack/requireIstio.js";
import { stackCatalogue } from "./stack/stackCatalogue.js";
import { stackOptions } from "./stack/stackOptions.js";
import { declareClients } from "./stack/clients.js";
import { encryptedFirst } from "./stack/encryptedFirst.js";
import { serviceInAnyRole } from "./stack/roles.js";

const { mesh, clients, aliases, guard } = stackCatalogue();
requireIstio({ clients, aliases });
const options = stackOptions();
if (guard) new EgressGuard(guard.name, { ...guard, aliases, mesh }, options.common);

const namespaces = declareClients(clients, options);

/** The in-cluster name of each alias. */
export const aliasHosts: Record<string, Output<string>> = {};
/** The address of each alias that has one. */
export const clusterIPs: Record<string, Output<string | undefined>> = {};
/** The command that prints the name of each client's Pod: the task's SOURCE_POD. */
export const sourcePods = Object.fromEntries(
  clients.map((c) => [c.namespace, sourcePodCommand(c)]),
);
/** The task's requests: each alias called by each client. */
export const requests: Record<string, Output<string[]>> = {};

encryptedFirst(aliases, (alias, after) => {
  const { tls, exportTo, call, ...target } = alias;
  const { name, namespace, externalName, ports } = target;
  const id = `${name}.${namespace}`;
  const host = `${id}.svc.${mesh.clusterDomain}`;
  const dependsOn = after.then(() => [namespaces[namespace] ?? []].flat());
  const args = { name, namespace, host, ports, tls, externalName, exportTo, mesh };
  const rule = new EgressTlsRule(id, args, { ...options.common, dependsOn });
  const transform = serviceInAnyRole(id);
  const what = { ...target, clusterDomain: mesh.clusterDomain, transform };
  const service = new ExternalService(id, what, { ...options.common, dependsOn: rule });
  const { clusterIP } = service;

  aliasHosts[id] = service.host;
  if (alias.addresses) clusterIPs[id] = clusterIP;
  requests[id] = all([service.host, clusterIP]).apply(([host, clusterIP]) =>
    requestCommands(clients, { ...call, ports, externalName }, host, clusterIP),
  );
  return service;
});
