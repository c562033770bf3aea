/**
 * What an EgressTlsRule is made of, as data: the component creates it, and `istio-egress verify`
 * compares it with what is there. Imports no Pulumi SDK.
 */
import type { Input } from "@pulumi/pulumi";
import { DEFAULT_FACTS, externalNameIsAlias } from "../../mesh/index.js";
import type { EgressTlsArgs, TlsIntent } from "./tlsIntent.js";
import type {
  ClientTlsSettings,
  DestinationRuleSpec,
  ServiceEntryPort,
  ServiceEntrySpec,
  TrafficPolicy,
  VirtualServiceSpec,
} from "../resources/istio.js";
import { istioEncrypts, protocolOf, readsHttp, type AliasPort } from "../../catalogue/ports.js";

/** What the alias itself says about TLS, rather than Istio by itself. */
type OwnTls = Exclude<TlsIntent, { mode: "AUTO" }>;

/** One object in the alias's namespace. */
export interface NamedSpec<Spec> {
  name: Input<string>;
  spec: Spec;
}

/** The objects of one alias; EgressTlsRule says what each is for. */
export interface EgressTlsObjects {
  rule: NamedSpec<DestinationRuleSpec>;
  serviceEntry?: NamedSpec<ServiceEntrySpec>;
  targetRule?: NamedSpec<DestinationRuleSpec>;
  virtualService?: NamedSpec<VirtualServiceSpec>;
}

/** The objects that an EgressTlsRule consists of, before any transform. */
export function egressTlsObjects(args: EgressTlsArgs): EgressTlsObjects {
  const { name, host, externalName } = args;
  const target =
    externalName !== undefined && externalNameIsAlias({ ...DEFAULT_FACTS, ...args.mesh })
      ? externalName
      : undefined;
  const renaming = virtualServiceSpec(target ?? host, args);
  return {
    rule: { name, spec: ruleSpec(host, args) },
    ...(target !== undefined && {
      serviceEntry: { name: target, spec: entrySpec(target, args) },
      targetRule: { name: target, spec: ruleSpec(target, args) },
    }),
    ...(renaming && { virtualService: { name: target ?? name, spec: renaming } }),
  };
}

function ruleSpec(
  host: Input<string>,
  { tls, ports, exportTo }: EgressTlsArgs,
): DestinationRuleSpec {
  const selector = "credentialName" in tls && tls.credentialName && tls.workloadSelector;
  return {
    host,
    ...(tls.mode !== "AUTO" && { trafficPolicy: trafficPolicy(tls, ports) }),
    ...(exportTo && { exportTo: [...exportTo] }),
    ...(selector && { workloadSelector: { matchLabels: selector } }),
  };
}

/**
 * One policy for all ports where they agree. Where the sidecar encrypts on some ports and the
 * workload on others, the latter keep DISABLE and the former get their own settings.
 */
function trafficPolicy(tls: OwnTls, ports: readonly AliasPort[]): TrafficPolicy {
  if (tls.mode === "DISABLE") return { tls: { mode: "DISABLE" } };
  const settings = clientTlsSettings(tls);
  const originating = ports.filter((port) => istioEncrypts(port.name));
  if (originating.length === ports.length) return { tls: settings };
  return {
    tls: { mode: "DISABLE" },
    portLevelSettings: originating.map(({ port }) => ({ port: { number: port }, tls: settings })),
  };
}

function clientTlsSettings(tls: Exclude<OwnTls, { mode: "DISABLE" }>): ClientTlsSettings {
  const names = { mode: tls.mode, sni: tls.sni, subjectAltNames: [...tls.subjectAltNames] };
  if (tls.credentialName !== undefined) return { ...names, credentialName: tls.credentialName };
  const { caCertificates } = tls;
  if (tls.mode === "SIMPLE") return { ...names, caCertificates };
  const { clientCertificate, privateKey } = tls;
  return { ...names, caCertificates, clientCertificate, privateKey };
}

/** Undefined where the sidecar encrypts no HTTP: then it leaves the Host header to the workload. */
function virtualServiceSpec(
  host: Input<string>,
  { tls, ports, exportTo }: EgressTlsArgs,
): VirtualServiceSpec | undefined {
  if (tls.mode === "DISABLE" || tls.mode === "AUTO") return undefined;
  const http = ports
    .filter(({ name }) => readsHttp(name))
    .map(({ port }) => ({
      match: [{ port }],
      rewrite: { authority: tls.sni },
      route: [{ destination: { host, port: { number: port } } }],
    }));
  if (http.length === 0) return undefined;
  // A rule with a workloadSelector stays in its namespace.
  const scope = exportTo ?? (tls.credentialName === undefined ? undefined : ["."]);
  return { hosts: [host], http, ...(scope && { exportTo: [...scope] }) };
}

function entrySpec(
  externalName: Input<string>,
  { ports, exportTo }: EgressTlsArgs,
): ServiceEntrySpec {
  return {
    hosts: [externalName],
    location: "MESH_EXTERNAL",
    resolution: "DNS",
    ports: ports.map(entryPort),
    ...(exportTo && { exportTo: [...exportTo] }),
  };
}

function entryPort({ name, port, targetPort }: AliasPort): ServiceEntryPort {
  const protocol = protocolOf(name)?.toUpperCase() as ServiceEntryPort["protocol"];
  return { number: port, name, protocol, ...(targetPort !== undefined && { targetPort }) };
}
