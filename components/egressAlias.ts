import { ComponentResource, createUrn, getProject, getStack } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Input, Output } from "@pulumi/pulumi";
import type { Endpoints } from "@pulumi/kubernetes/core/v1/endpoints.js";
import type { Service } from "@pulumi/kubernetes/core/v1/service.js";
import type { EndpointSlice } from "@pulumi/kubernetes/discovery/v1/endpointSlice.js";
import type { AliasOfAddresses, AliasOfName } from "./alias/aliasArgs.js";
import { checkedAlias } from "./alias/checkedAlias.js";
import {
  createServiceChildren,
  type ExternalServiceArgs,
  hostOf,
} from "./alias/serviceChildren.js";
import { createTlsChildren, type EgressTlsRuleArgs } from "./alias/tlsChildren.js";
import { tlsIntentOf } from "./alias/tlsIntent.js";
import type { DestinationRule, ServiceEntry, VirtualService } from "./resources/istio.js";
import { TOKENS } from "./resources/tokens.js";

export type { AliasOfAddresses, AliasOfName, EgressTls } from "./alias/aliasArgs.js";

/** What an alias stands for, by kind of target and by location, and how TLS is meant to work. */
export type EgressAliasArgs = (AliasOfName | AliasOfAddresses) & {
  /**
   * The escape hatch: changes what a child is created with, where no argument does.
   * @example { rule: (args) => { args.spec.trafficPolicy!.connectionPool = { tcp: { maxConnections: 10 } }; } }
   */
  transform?: NonNullable<ExternalServiceArgs["transform"]> &
    NonNullable<EgressTlsRuleArgs["transform"]>;
};

/**
 * An in-cluster name for something outside: its Service, its endpoints and what clients' sidecars do
 * with TLS towards it. The arguments are those of an alias of the catalogue, and are checked by the
 * same rules before anything is created; values that come from other resources, when they are known.
 *
 * @example
 * // Workloads speak plain HTTP; Istio makes it TLS to httpbin.org:443, and checks the server.
 * const httpbin = new EgressAlias("my-httpbin", {
 *   externalName: "httpbin.org",
 *   ports: [{ name: "http", port: 80, targetPort: 443 }],
 *   tls: { mode: "SIMPLE" },
 * });
 * export const host = httpbin.host; // my-httpbin.default.svc.cluster.local
 *
 * @example
 * // Workloads speak TLS themselves, to addresses that another resource knows.
 * new EgressAlias("my-database", {
 *   namespace: "shop",
 *   addresses: [database.privateIpAddress],
 *   ports: [{ name: "tls", port: 5432 }],
 *   tls: { mode: "DISABLE" },
 * });
 */
export class EgressAlias extends ComponentResource {
  /** The rule on the alias. */
  readonly rule: DestinationRule;
  /** Makes an external name known to Istio, which then lets the alias share its cluster. */
  readonly serviceEntry?: ServiceEntry;
  /** The rule that clients of an external name really follow, from Istio 1.21. */
  readonly targetRule?: DestinationRule;
  /** Where the sidecar encrypts HTTP: gives requests the server's name for a Host header. */
  readonly virtualService?: VirtualService;
  readonly service: Service;
  readonly endpoints?: Endpoints;
  /** One per address family. Empty unless endpointsApi is `EndpointSlice`. */
  readonly endpointSlices: readonly EndpointSlice[];
  /** The alias: `<name>.<namespace>.svc.<cluster domain>`. */
  readonly host: Output<string>;
  /** The address that Kubernetes gave the alias; undefined for an external name, which has none. */
  readonly clusterIP: Output<string | undefined>;

  /** @throws RunError with a line for each mistake in the arguments */
  constructor(name: string, args: EgressAliasArgs, opts?: ComponentResourceOptions) {
    const { transform, mesh: known, ...given } = args;
    // The mesh isn't the alias's: in the state of each it would take the time of one more resource.
    super(TOKENS.EgressAlias, name, given, opts);
    const declared = { name, ...given };
    const { alias, mesh } = checkedAlias(`EgressAlias "${name}"`, declared, known);
    const { name: service, namespace, externalName, ports, exportTo } = alias;
    const { clusterDomain } = mesh;
    const host = hostOf({ name: service, namespace, clusterDomain });
    const tls = createTlsChildren(
      name,
      {
        name: service,
        namespace,
        host,
        ports,
        tls: tlsIntentOf(alias),
        externalName,
        exportTo,
        mesh,
        transform,
      },
      { parent: this, formerParents: formerParents("EgressTlsRule", name, opts) },
    );
    // The Service comes after its rules and goes before them: no client ever meets it without.
    const rules = [tls.rule, tls.targetRule, tls.serviceEntry, tls.virtualService];
    const made = createServiceChildren(
      name,
      { ...alias, clusterDomain, transform },
      {
        parent: this,
        dependsOn: rules.filter((rule) => rule !== undefined),
        formerParents: formerParents("ExternalService", name, opts),
      },
    );
    this.rule = tls.rule;
    this.targetRule = tls.targetRule;
    this.serviceEntry = tls.serviceEntry;
    this.virtualService = tls.virtualService;
    this.service = made.service;
    this.endpoints = made.endpoints;
    this.endpointSlices = made.endpointSlices;
    this.host = made.host;
    this.clusterIP = made.clusterIP;
    this.registerOutputs({ host: this.host, clusterIP: this.clusterIP });
  }
}

/** URNs of the components that children of an alias had before it had them itself: beside it, then in it. */
function formerParents(
  part: "EgressTlsRule" | "ExternalService",
  name: string,
  opts: ComponentResourceOptions = {},
): Input<string>[] {
  return [TOKENS[part], `${TOKENS.EgressAlias}$${TOKENS[part]}`].map((type) =>
    opts.parent
      ? createUrn(name, type, opts.parent)
      : `urn:pulumi:${getStack()}::${getProject()}::${type}::${name}`,
  );
}
