/**
 * What a catalogue is once it is read, with every default filled in. Written out, not inferred from
 * the schema, so that importing it needs no schema library.
 */
import type { MeshFacts } from "../mesh/index.js";

/** A whole catalogue. */
export interface Catalogue {
  /** What is known of the mesh. */
  mesh: MeshFacts;
  clients: CatalogueClient[];
  aliases: CatalogueAlias[];
  /** What the API server itself refuses. @default nothing */
  guard?: CatalogueGuard;
}

/** A guard in the cluster: see EgressGuard. */
export interface CatalogueGuard {
  /** Of its objects. @default "istio-egress" */
  name: string;
  /** What becomes of an object that is wrong. @default ["Deny"] */
  validationActions: ("Deny" | "Warn" | "Audit")[];
  /** Labels, each of which exempts the namespaces that have it. */
  exemptNamespaces?: Record<string, string>;
  /** @default [] */
  waivers: CatalogueGuardWaiver[];
}

/** A violation that someone answers for until a day. */
export interface CatalogueGuardWaiver {
  /** The alias's Service: `<namespace>/<name>`. */
  alias?: string;
  /** The DestinationRule: `<namespace>/<name>`. */
  rule?: string;
  /** In full, or `*.suffix`. */
  host?: string;
  who: string;
  why: string;
  /** The last day on which it holds (UTC): `2026-12-31`. */
  until: string;
}

/** A workload that calls the aliases, from inside the mesh or outside it. One a namespace. */
export interface CatalogueClient {
  /** Where it runs. */
  namespace: string;
  /** Whether its Pods get Istio's sidecar: `dataplane` is `sidecar`. */
  injected: boolean;
  /** How it takes part in the mesh: by a sidecar, by its node's ztunnel, or not at all. */
  dataplane: "sidecar" | "ambient" | "none";
  /** @default "sleep" */
  name: string;
  /** @default the sleep sample's */
  image?: string;
  /** Whether the namespace is made here, and removed with the stack. */
  createNamespace: boolean;
  /** Whether a namespace that is made here for a client without sidecar says so in a label. */
  optOutLabel: boolean;
}

/** An in-cluster name for something outside: a DNS name, or addresses. */
export type CatalogueAlias = CatalogueAliasOfName | CatalogueAliasOfAddresses;

/** What every alias has. */
interface CatalogueAliasBase {
  /** Name of the Service. */
  name: string;
  namespace: string;
  ports: CataloguePort[];
  tls: CatalogueTls;
  /** Namespaces whose clients follow the rules. @default every namespace */
  exportTo?: string[];
  /** How `requests` and `verify --traffic` call it. */
  call: {
    /** @default the alias itself, on its first http port */
    request?: string;
    /** A text that the answer has in it. @default any answer but an error will do */
    answer?: string;
  };
}

/** An alias for a DNS name outside: a Service of type ExternalName. */
export type CatalogueAliasOfName = CatalogueAliasBase & {
  externalName: string;
  addresses?: undefined;
} & (
    | {
        /** @default "outside" */
        location?: "outside";
        /** The Service that serves the name once it runs inside. */
        inside?: CatalogueInsideService;
      }
    | { location: "inside"; inside: CatalogueInsideService }
  );

interface CatalogueInsideService {
  service: string;
  /** @default the alias's */
  namespace?: string;
}

/** An alias for IP addresses outside: a Service without selector. */
export type CatalogueAliasOfAddresses = CatalogueAliasBase & {
  externalName?: undefined;
  addresses: string[];
  /** The DNS name that the addresses are of. @default they are compared with no name's */
  resolves?: string;
} & (
    | {
        location?: "outside";
        endpointsApi: "Endpoints" | "EndpointSlice";
        inside?: undefined;
      }
    | {
        /** @default "outside" */
        location?: "outside" | "inside";
        endpointsApi: "EndpointSlice";
        /** The Pods that take the addresses' place once the servers run inside. */
        inside: { selector: Record<string, string>; targetPorts?: Record<string, number> };
      }
  );

/** One port of an alias. */
export interface CataloguePort {
  /** `<protocol>` or `<protocol>-<anything>`: Istio takes the protocol from it. */
  name: string;
  /** What clients call. 1 to 65535. */
  port: number;
  /** Where the outside service listens. @default port */
  targetPort?: number;
  /** @default "UDP" if the name says so, else "TCP" */
  protocol?: "TCP" | "UDP";
}

/** Which server is meant, and whom to trust. */
interface CatalogueServer {
  /** Server name in the TLS handshake. */
  sni: string;
  /** Names of which the certificate must carry one. */
  subjectAltNames: string[];
}

interface CatalogueFiles {
  /** Path in the sidecar of the certificates to trust. @default the system's (Istio 1.21 and later) */
  caCertificates?: string;
  credentialName?: undefined;
}

interface CatalogueSecret {
  /** Secret with certificates, beside the clients. */
  credentialName: string;
  /** Labels of the clients that read the Secret; no others follow the rule. */
  workloadSelector: Record<string, string>;
}

/** How TLS is meant to work towards an alias. */
export type CatalogueTls =
  | { mode: "DISABLE" }
  | (CatalogueServer & { mode: "SIMPLE" } & (CatalogueFiles | CatalogueSecret))
  | (CatalogueServer & { mode: "MUTUAL" } & (
        (CatalogueFiles & { clientCertificate: string; privateKey: string }) | CatalogueSecret
      ));
