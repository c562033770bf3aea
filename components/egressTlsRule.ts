import { ComponentResource, output } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Input, Output } from "@pulumi/pulumi";
import { DEFAULT_FACTS, type MeshFacts } from "../mesh/facts.js";
import { externalNameIsAlias } from "../mesh/versions.js";
import { DestinationRule, ServiceEntry, VirtualService } from "./istio.js";
import type {
  ClientTlsSettings,
  DestinationRuleSpec,
  IstioArgs,
  ServiceEntryPort,
  ServiceEntrySpec,
  TrafficPolicy,
  VirtualServiceSpec,
} from "./istio.js";
import { MANAGED_BY } from "./labels.js";
import { istioEncrypts, protocolOf, readsHttp, type AliasPort } from "./ports.js";
import { TOKENS } from "./tokens.js";
import { createChild, inputsOf, type Transform } from "./transform.js";

/** Which server is meant. Istio alone would ask for the alias, which no server outside has a certificate for. */
interface ServerName {
  /** Name asked for in the TLS handshake. */
  sni: Input<string>;
  /** Names of which the certificate must carry one. Without them any valid certificate would do. */
  subjectAltNames: readonly Input<string>[];
}

/** Certificates that are files in the sidecar. */
interface Files {
  /** Path of the certificates to trust. @default the system's (Istio 1.21 and later) */
  caCertificates?: Input<string>;
  credentialName?: undefined;
}

/** Certificates from a Secret: a sidecar reads one only for the workloads that a rule selects. */
interface Secret {
  /** Secret in the clients' namespace; their ServiceAccount must be allowed to read it. */
  credentialName: Input<string>;
  /** Labels of the workloads that the rule is for, in the rule's namespace; others get no rule. */
  workloadSelector: Record<string, Input<string>>;
}

/**
 * How TLS is meant to work towards an alias. Istio's own mutual TLS isn't among the choices:
 * nothing outside the mesh can speak it.
 */
export type TlsIntent =
  /** Traffic is sent as the workload sends it: already encrypted, or plain. */
  | { mode: "DISABLE" }
  /** For servers that may move inside: Istio encrypts towards those of them that have a sidecar. */
  | { mode: "AUTO" }
  /** The sidecar encrypts and checks the server. */
  | (ServerName & { mode: "SIMPLE" } & (Files | Secret))
  /** As SIMPLE, and the sidecar shows a client certificate of yours. */
  | (ServerName & { mode: "MUTUAL" } & (
        (Files & { clientCertificate: Input<string>; privateKey: Input<string> }) | Secret
      ));

/** What the alias itself says about TLS, rather than Istio by itself. */
type OwnTls = Exclude<TlsIntent, { mode: "AUTO" }>;

export interface EgressTlsRuleArgs {
  /** Name of the DestinationRule: the alias's Service, as the task has it. */
  name: Input<string>;
  /** Namespace of the alias. @default "default" */
  namespace?: Input<string>;
  /** The alias in full: `<service>.<namespace>.svc.<cluster domain>`. */
  host: Input<string>;
  /** The alias's ports. On those named `tls` or `https` the workload encrypts, so Istio doesn't. */
  ports: readonly AliasPort[];
  tls: TlsIntent;
  /**
   * What an ExternalName alias stands for. From Istio 1.21 a rule on such an alias does nothing;
   * then the target gets a ServiceEntry and a rule of its own as well, both named after it.
   */
  externalName?: Input<string>;
  /**
   * Namespaces whose clients follow the rules: names, `.` for the alias's own, or `*`. The target's
   * ServiceEntry is exported alike, and so changes how these clients reach the target directly.
   * @default every namespace
   */
  exportTo?: readonly Input<string>[];
  /** What is known of the mesh: its Istio version decides on the target's rule. @default Istio's own defaults */
  mesh?: Partial<MeshFacts>;
  transform?: {
    rule?: Transform<IstioArgs<DestinationRuleSpec>>;
    serviceEntry?: Transform<IstioArgs<ServiceEntrySpec>>;
    targetRule?: Transform<IstioArgs<DestinationRuleSpec>>;
    virtualService?: Transform<IstioArgs<VirtualServiceSpec>>;
  };
}

/**
 * What a client's sidecar does with TLS towards an alias.
 *
 * @example
 * new EgressTlsRule("my-wikipedia", {
 *   name: "my-wikipedia",
 *   host: wikipedia.host,
 *   ports: [{ name: "tls", port: 443 }],
 *   tls: { mode: "DISABLE" },
 * }, { dependsOn: wikipedia });
 *
 * @example
 * // Workloads speak plain HTTP; Istio makes it TLS to httpbin.org:443.
 * new EgressTlsRule("my-httpbin", {
 *   name: "my-httpbin",
 *   host: httpbin.host,
 *   externalName: "httpbin.org",
 *   ports: [{ name: "http", port: 80, targetPort: 443 }],
 *   tls: { mode: "SIMPLE", sni: "httpbin.org", subjectAltNames: ["httpbin.org"] },
 * }, { dependsOn: httpbin });
 */
export class EgressTlsRule extends ComponentResource {
  /** The rule on the alias. */
  readonly rule: DestinationRule;
  /** Makes the target known to Istio, which then lets the alias share its cluster. */
  readonly serviceEntry?: ServiceEntry;
  readonly targetRule?: DestinationRule;
  /**
   * Where the sidecar encrypts HTTP: gives requests the server's name for a Host header. One server
   * has many names, and would refuse the alias's or answer for another.
   */
  readonly virtualService?: VirtualService;
  /** The host whose rule clients really follow: the alias, or its target. */
  readonly effectiveHost: Output<string>;

  constructor(name: string, args: EgressTlsRuleArgs, opts?: ComponentResourceOptions) {
    super(TOKENS.EgressTlsRule, name, inputsOf(args), opts);
    const { namespace = "default", externalName, transform } = args;
    const parent = { parent: this };
    this.rule = createChild(
      DestinationRule,
      `${name}-rule`,
      { metadata: metadata(args.name, namespace), spec: ruleSpec(args.host, args) },
      parent,
      transform?.rule,
    );
    const targetDecides =
      externalName !== undefined && externalNameIsAlias({ ...DEFAULT_FACTS, ...args.mesh });
    if (targetDecides) {
      this.serviceEntry = createChild(
        ServiceEntry,
        `${name}-serviceentry`,
        { metadata: metadata(externalName, namespace), spec: entrySpec(externalName, args) },
        parent,
        transform?.serviceEntry,
      );
      this.targetRule = createChild(
        DestinationRule,
        `${name}-target-rule`,
        { metadata: metadata(externalName, namespace), spec: ruleSpec(externalName, args) },
        // A rule for a host that Istio doesn't know yet would be flagged as dead.
        { ...parent, dependsOn: this.serviceEntry },
        transform?.targetRule,
      );
    }
    const effectiveHost = targetDecides ? externalName : args.host;
    const renamed = virtualServiceSpec(effectiveHost, args);
    if (renamed) {
      this.virtualService = createChild(
        VirtualService,
        `${name}-virtualservice`,
        {
          metadata: metadata(targetDecides ? externalName : args.name, namespace),
          spec: renamed,
        },
        { ...parent, dependsOn: this.serviceEntry ?? [] },
        transform?.virtualService,
      );
    }
    this.effectiveHost = output(effectiveHost);
    this.registerOutputs({ effectiveHost: this.effectiveHost });
  }
}

function metadata(name: Input<string>, namespace: Input<string>) {
  return { name, namespace, labels: MANAGED_BY };
}

function ruleSpec(
  host: Input<string>,
  { tls, ports, exportTo }: EgressTlsRuleArgs,
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
  { tls, ports, exportTo }: EgressTlsRuleArgs,
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
  { ports, exportTo }: EgressTlsRuleArgs,
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
