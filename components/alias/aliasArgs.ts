import type { Input } from "@pulumi/pulumi";
import type { MeshFacts } from "../../mesh/index.js";
import type { AliasPort } from "../../catalogue/ports.js";
import type { InsidePods, InsideService } from "./location.js";

/** Which server is meant; a name outside is the default for both. */
interface Server {
  /**
   * Server name in the TLS handshake, and the Host header of plain HTTP that the sidecar encrypts.
   * @default externalName. Addresses have none: there it must be given
   * @example "httpbin.org"
   */
  sni?: Input<string>;
  /**
   * Names of which the server's certificate must carry one.
   * @default [sni]
   * @example ["httpbin.org", "www.httpbin.org"]
   */
  subjectAltNames?: Input<string>[];
}

interface Files {
  /**
   * Path in the sidecar of the certificates to trust.
   * @default the system's. An error before Istio 1.21, which then trusts every certificate
   * @example "/etc/ssl/certs/ca-certificates.crt"
   */
  caCertificates?: Input<string>;
  credentialName?: undefined;
}

interface Secret {
  /**
   * Secret in the clients' namespace that holds the certificates. An error without workloadSelector,
   * because sidecars then ignore it.
   * @example "partner-tls"
   */
  credentialName: Input<string>;
  /**
   * Labels of the clients that read the Secret; no others follow the rule.
   * @example { app: "orders" }
   */
  workloadSelector: Record<string, Input<string>>;
}

/**
 * How TLS is meant to work towards an alias. Mirrors the part of Istio's ClientTLSSettings that a
 * server outside can speak: ISTIO_MUTUAL is an error.
 *
 * @example { mode: "DISABLE" } // sent as the workload sends it
 * @example { mode: "SIMPLE" }  // the sidecar encrypts, and checks the server
 */
export type EgressTls =
  | { mode: "DISABLE" }
  | (Server & { mode: "SIMPLE" } & (Files | Secret))
  | (Server & { mode: "MUTUAL" } & (
        (Files & { clientCertificate: Input<string>; privateKey: Input<string> }) | Secret
      ));

interface AliasBase {
  /**
   * Name of the Service, and with it the first label of the alias. An error if it isn't an RFC 1035 label.
   * @default the component's name
   * @example "my-httpbin"
   */
  name?: string;
  /**
   * Namespace of the Service and of the rules.
   * @default "default"
   * @example "shop"
   */
  namespace?: Input<string>;
  /**
   * What clients call. An error if a name doesn't begin with a protocol that Istio knows, if two
   * ports are the same, or if an ExternalName has a port whose traffic carries no name to recognize it by.
   * @example [{ name: "http", port: 80, targetPort: 443 }]
   */
  ports: AliasPort[];
  /**
   * What the sidecar does with TLS. An error if it would wrap TLS in TLS.
   * @example { mode: "SIMPLE" }
   */
  tls: EgressTls;
  /**
   * Namespaces whose clients follow the rules: names, `.` for the alias's own, or `*` alone.
   * @default every namespace
   * @example [".", "shop"]
   */
  exportTo?: Input<string>[];
  /**
   * What is known of the mesh: Istio's version decides which objects the alias needs.
   * @default Istio's own defaults
   * @example { istioVersion: "1.24" }
   */
  mesh?: Partial<MeshFacts>;
}

/** An alias for a DNS name outside: a Service of type ExternalName. */
export type AliasOfName = AliasBase & {
  /**
   * The DNS name: lower case, in full, without a trailing dot. An error if it is anything else.
   * @example "httpbin.org"
   */
  externalName: Input<string>;
  addresses?: undefined;
  endpointsApi?: undefined;
} & (
    | {
        /** Where the server runs. Changing it changes the Service in place. @default "outside" */
        location?: "outside";
        /** What takes the name's place once it is located inside. @example { service: "httpbin" } */
        inside?: InsideService;
      }
    | { location: "inside"; inside: InsideService }
  );

/** An alias for IP addresses outside: a Service without selector, with declared endpoints. */
export type AliasOfAddresses = AliasBase & {
  /**
   * IP addresses as Kubernetes stores them. An error if one is a name, a range or link-local.
   * With EndpointSlice an address that is an Output counts as IPv4.
   * @example ["198.35.26.96"]
   */
  addresses: Input<string>[];
  externalName?: undefined;
} & (
    | {
        /** Where the servers run. @default "outside" */
        location?: "outside";
        /**
         * The API that carries the addresses. `Endpoints` is deprecated from Kubernetes 1.33.
         * @default "Endpoints"
         * @example "EndpointSlice"
         */
        endpointsApi?: "Endpoints" | "EndpointSlice";
        inside?: undefined;
      }
    | {
        /** Where the servers run. Changing it changes the Service in place. @default "outside" */
        location?: "outside" | "inside";
        endpointsApi: "EndpointSlice";
        /** The Pods that take the addresses' place. @example { selector: { app: "wiki" } } */
        inside: InsidePods;
      }
  );
