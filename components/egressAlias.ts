import { ComponentResource, interpolate, rootStackResource } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Output } from "@pulumi/pulumi";
import type { AliasOfAddresses, AliasOfName } from "./alias/aliasArgs.js";
import { checkedAlias } from "./alias/checkedAlias.js";
import { EgressTlsRule, type EgressTlsRuleArgs } from "./egressTlsRule.js";
import { ExternalService, type ExternalServiceArgs } from "./externalService.js";
import { TOKENS } from "./resources/tokens.js";
import { inputsOf } from "./resources/transform.js";

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
  /** What is in the rules: DestinationRules, and where Istio needs them a ServiceEntry and a VirtualService. */
  readonly rule: EgressTlsRule;
  /** The Service and its endpoints. */
  readonly service: ExternalService;
  /** The alias: `<name>.<namespace>.svc.<cluster domain>`. */
  readonly host: Output<string>;
  /** The address that Kubernetes gave the alias; undefined for an external name, which has none. */
  readonly clusterIP: Output<string | undefined>;

  /** @throws RunError with a line for each mistake in the arguments */
  constructor(name: string, args: EgressAliasArgs, opts?: ComponentResourceOptions) {
    super(TOKENS.EgressAlias, name, inputsOf(args), opts);
    const { transform, mesh: known, ...given } = args;
    const declared = { name, ...given };
    const { alias, mesh } = checkedAlias(`EgressAlias "${name}"`, declared, known);
    const { name: service, namespace, externalName, ports, tls, exportTo } = alias;
    const { clusterDomain } = mesh;

    // The two stood alone before there was this component.
    const former = [{ parent: opts?.parent ?? rootStackResource }];
    const host =
      typeof namespace === "string"
        ? `${service}.${namespace}.svc.${clusterDomain}`
        : interpolate`${service}.${namespace}.svc.${clusterDomain}`;
    this.rule = new EgressTlsRule(
      name,
      { name: service, namespace, host, ports, tls, externalName, exportTo, mesh, transform },
      { parent: this, aliases: former },
    );
    // It comes after its rules and goes before them: no client ever meets it without.
    this.service = new ExternalService(
      name,
      { ...alias, clusterDomain, transform },
      { parent: this, aliases: former, dependsOn: this.rule },
    );
    this.host = this.service.host;
    this.clusterIP = this.service.clusterIP;
    this.registerOutputs({ host: this.host, clusterIP: this.clusterIP });
  }
}
