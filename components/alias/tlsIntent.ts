import type { Input } from "@pulumi/pulumi";
import type { AliasPort } from "../../catalogue/ports.js";
import type { MeshFacts } from "../../mesh/index.js";

/** Which server is meant. By default Istio sends the alias, for which no server outside has a certificate. */
interface ServerName {
  /** Server name in the TLS handshake. */
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

/**
 * What sidecars are to do towards an alias. Where its servers may move inside, that is left to Istio on
 * both sides of the move: a sidecar whose rule changes drops the connections that it carries.
 */
export function tlsIntentOf(alias: {
  tls: TlsIntent;
  addresses?: readonly unknown[];
  inside?: object;
}): TlsIntent {
  return alias.addresses && alias.inside ? { mode: "AUTO" } : alias.tls;
}

/** What an alias's TLS is made of. */
export interface EgressTlsArgs {
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
   * then the target gets a ServiceEntry and a rule of its own as well, both named after it: so two
   * components can't have one target in one namespace.
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
}
