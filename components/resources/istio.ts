/**
 * The part of Istio's networking API that we write, typed narrowly: what can't be said here can't
 * be deployed by our components. Mirrors networking.istio.io DestinationRule, ServiceEntry and
 * VirtualService.
 */
import type { Input } from "@pulumi/pulumi";
import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource.js";
import type * as inputs from "@pulumi/kubernetes/types/input.js";
import type { CustomResourceOptions } from "@pulumi/pulumi";
import { ISTIO_API_VERSION } from "./istioApi.js";

/** ISTIO_MUTUAL is left out on purpose: nothing outside the mesh can speak it. */
export type ExternalTlsMode = "DISABLE" | "SIMPLE" | "MUTUAL";

/** ClientTLSSettings, without what would switch verification off. */
export interface ClientTlsSettings {
  mode: ExternalTlsMode;
  sni?: Input<string>;
  subjectAltNames?: Input<Input<string>[]>;
  /** Path in the sidecar. */
  caCertificates?: Input<string>;
  /** Path in the sidecar. */
  clientCertificate?: Input<string>;
  /** Path in the sidecar. */
  privateKey?: Input<string>;
  /** Name of a Secret beside the client; sidecars read it only where the rule has a workloadSelector. */
  credentialName?: Input<string>;
}

export interface PortTrafficPolicy {
  port: { number: Input<number> };
  tls: ClientTlsSettings;
}

export interface TrafficPolicy {
  tls: ClientTlsSettings;
  /** An entry replaces the policy above as a whole for its port. */
  portLevelSettings?: PortTrafficPolicy[];
}

export interface DestinationRuleSpec {
  host: Input<string>;
  /** @default Istio decides for each endpoint */
  trafficPolicy?: TrafficPolicy;
  exportTo?: Input<string>[];
  workloadSelector?: { matchLabels: Record<string, Input<string>> };
}

export interface ServiceEntryPort {
  number: Input<number>;
  name: string;
  protocol: "HTTP" | "HTTP2" | "HTTPS" | "GRPC" | "GRPC-WEB" | "TLS";
  targetPort?: Input<number>;
}

export interface ServiceEntrySpec {
  hosts: Input<string>[];
  location: "MESH_EXTERNAL";
  resolution: "DNS";
  ports: ServiceEntryPort[];
  exportTo?: Input<string>[];
}

export interface HttpRoute {
  match: { port: Input<number> }[];
  /** The Host header that the server sees. */
  rewrite: { authority: Input<string> };
  route: { destination: { host: Input<string>; port: { number: Input<number> } } }[];
}

export interface VirtualServiceSpec {
  hosts: Input<string>[];
  http: HttpRoute[];
  exportTo?: Input<string>[];
}

export interface IstioArgs<Spec> {
  metadata: inputs.meta.v1.ObjectMeta;
  spec: Spec;
}

/** A networking.istio.io DestinationRule. */
export class DestinationRule extends CustomResource {
  constructor(name: string, args: IstioArgs<DestinationRuleSpec>, opts?: CustomResourceOptions) {
    super(name, { apiVersion: ISTIO_API_VERSION, kind: "DestinationRule", ...args }, opts);
  }
}

/** A networking.istio.io VirtualService that renames requests on their way to one host. */
export class VirtualService extends CustomResource {
  constructor(name: string, args: IstioArgs<VirtualServiceSpec>, opts?: CustomResourceOptions) {
    super(name, { apiVersion: ISTIO_API_VERSION, kind: "VirtualService", ...args }, opts);
  }
}

/** A networking.istio.io ServiceEntry for one host outside. */
export class ServiceEntry extends CustomResource {
  constructor(name: string, args: IstioArgs<ServiceEntrySpec>, opts?: CustomResourceOptions) {
    super(name, { apiVersion: ISTIO_API_VERSION, kind: "ServiceEntry", ...args }, opts);
  }
}
