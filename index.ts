/** The stack: what the catalogue in `Pulumi.<stack>.yaml` declares, made of the components. */
import { all, type Output, type Resource } from "@pulumi/pulumi";
import { requestCommands, sourcePodCommand } from "./stack/commands.js";
import { EgressTlsRule } from "./components/egressTlsRule.js";
import { ExternalService } from "./components/externalService.js";
import { InjectedNamespace } from "./components/injectedNamespace.js";
import { requireIstio } from "./stack/requireIstio.js";
import { SleepDeployment } from "./components/sleepDeployment.js";
import { stackCatalogue } from "./stack/stackCatalogue.js";
import { stackOptions } from "./stack/stackOptions.js";
import { WithoutIstioNamespace } from "./components/withoutIstioNamespace.js";

const { mesh, clients, aliases } = stackCatalogue();
requireIstio();
const { common, kept } = stackOptions();

const namespaces: Record<string, Resource> = {};
for (const { namespace: name, injected, createNamespace, optOutLabel, ...sleep } of clients) {
  if (injected) {
    const args = { name, create: createNamespace };
    namespaces[name] = new InjectedNamespace(name, args, kept);
  } else if (createNamespace) {
    namespaces[name] = new WithoutIstioNamespace(name, { name, optOutLabel }, kept);
  }
  const opts = { ...common, dependsOn: namespaces[name] ?? [] };
  new SleepDeployment(`${sleep.name}.${name}`, { ...sleep, namespace: name }, opts);
}

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

for (const alias of aliases) {
  const { tls, exportTo, call, ...target } = alias;
  const { name, namespace, externalName, ports } = target;
  const id = `${name}.${namespace}`;
  const args = { ...target, clusterDomain: mesh.clusterDomain };
  const opts = { ...common, dependsOn: namespaces[namespace] ?? [] };
  const service = new ExternalService(id, args, opts);
  const { host, clusterIP } = service;
  const rule = { name, namespace, host, ports, tls, externalName, exportTo, mesh };
  new EgressTlsRule(id, rule, { ...common, dependsOn: service });

  aliasHosts[id] = host;
  if (alias.addresses) clusterIPs[id] = clusterIP;
  requests[id] = all([host, clusterIP]).apply(([host, clusterIP]) =>
    requestCommands(clients, { ...call, ports, externalName }, host, clusterIP),
  );
}
