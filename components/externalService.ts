import { ComponentResource } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Output } from "@pulumi/pulumi";
import type { Endpoints } from "@pulumi/kubernetes/core/v1/endpoints.js";
import type { Service } from "@pulumi/kubernetes/core/v1/service.js";
import type { EndpointSlice } from "@pulumi/kubernetes/discovery/v1/endpointSlice.js";
import { checkedAlias } from "./alias/checkedAlias.js";
import { createServiceChildren, type ExternalServiceArgs } from "./alias/serviceChildren.js";
import { TOKENS } from "./resources/tokens.js";
import { inputsOf } from "./resources/transform.js";

export type { AliasTarget, EndpointsApi, ExternalServiceArgs } from "./alias/serviceChildren.js";

/**
 * A Service that stands for something outside the cluster, under an in-cluster name. Its arguments
 * are checked by the rules of a catalogue's alias before anything is created; values that come from
 * other resources, when they are known.
 *
 * @example
 * new ExternalService("my-httpbin", {
 *   name: "my-httpbin",
 *   externalName: "httpbin.org",
 *   ports: [{ name: "http", port: 80 }],
 * });
 *
 * @example
 * const wikipedia = new ExternalService("my-wikipedia", {
 *   name: "my-wikipedia",
 *   addresses: ["91.198.174.192", "198.35.26.96"],
 *   ports: [{ name: "tls", port: 443 }],
 * });
 * export const clusterIP = wikipedia.clusterIP;
 */
export class ExternalService extends ComponentResource {
  readonly service: Service;
  readonly endpoints?: Endpoints;
  /** One per address family. Empty unless endpointsApi is `EndpointSlice`. */
  readonly endpointSlices: readonly EndpointSlice[];
  /** The alias: `<name>.<namespace>.svc.<cluster domain>`. */
  readonly host: Output<string>;
  /** The address that Kubernetes gave the alias; undefined for an ExternalName, which has none. */
  readonly clusterIP: Output<string | undefined>;

  /** @throws RunError with a line for each mistake in the arguments */
  constructor(name: string, args: ExternalServiceArgs, opts?: ComponentResourceOptions) {
    super(TOKENS.ExternalService, name, inputsOf(args), opts);
    const made = createServiceChildren(name, checkedService(name, args), { parent: this });
    this.service = made.service;
    this.endpoints = made.endpoints;
    this.endpointSlices = made.endpointSlices;
    this.host = made.host;
    this.clusterIP = made.clusterIP;
    this.registerOutputs({ host: this.host, clusterIP: this.clusterIP });
  }
}

/** A Service says nothing of TLS: DISABLE is what no rule about TLS refuses. */
function checkedService(name: string, args: ExternalServiceArgs): ExternalServiceArgs {
  const { transform, clusterDomain, ...given } = args;
  const declared = { ...given, tls: { mode: "DISABLE" } };
  const known = clusterDomain === undefined ? {} : { clusterDomain };
  const { alias, mesh } = checkedAlias(`ExternalService "${name}"`, declared, known);
  return { ...alias, clusterDomain: mesh.clusterDomain, transform };
}
