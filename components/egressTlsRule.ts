import { ComponentResource, output } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Input, Output } from "@pulumi/pulumi";
import type { MeshFacts } from "../mesh/facts.js";
import { egressTlsObjects, type NamedSpec } from "./egressTlsObjects.js";
import { DestinationRule, ServiceEntry, VirtualService } from "./istio.js";
import type {
  DestinationRuleSpec,
  IstioArgs,
  ServiceEntrySpec,
  VirtualServiceSpec,
} from "./istio.js";
import { MANAGED_BY } from "./labels.js";
import type { AliasPort } from "./ports.js";
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
    const { namespace = "default", transform } = args;
    const { rule, serviceEntry, targetRule, virtualService } = egressTlsObjects(args);
    const parent = { parent: this };
    this.rule = createChild(
      DestinationRule,
      `${name}-rule`,
      manifest(namespace, rule),
      parent,
      transform?.rule,
    );
    if (serviceEntry) {
      this.serviceEntry = createChild(
        ServiceEntry,
        `${name}-serviceentry`,
        manifest(namespace, serviceEntry),
        parent,
        transform?.serviceEntry,
      );
    }
    if (targetRule) {
      this.targetRule = createChild(
        DestinationRule,
        `${name}-target-rule`,
        manifest(namespace, targetRule),
        // A rule for a host that Istio doesn't know yet would be flagged as dead.
        { ...parent, dependsOn: this.serviceEntry ?? [] },
        transform?.targetRule,
      );
    }
    if (virtualService) {
      this.virtualService = createChild(
        VirtualService,
        `${name}-virtualservice`,
        manifest(namespace, virtualService),
        { ...parent, dependsOn: this.serviceEntry ?? [] },
        transform?.virtualService,
      );
    }
    this.effectiveHost = output((targetRule ?? rule).spec.host);
    this.registerOutputs({ effectiveHost: this.effectiveHost });
  }
}

function manifest<Spec>(
  namespace: Input<string>,
  { name, spec }: NamedSpec<Spec>,
): IstioArgs<Spec> {
  return { metadata: { name, namespace, labels: MANAGED_BY }, spec };
}
