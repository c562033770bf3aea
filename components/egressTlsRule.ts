import { ComponentResource, output } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Output } from "@pulumi/pulumi";
import { checkedAlias } from "./alias/checkedAlias.js";
import { createTlsChildren, type EgressTlsRuleArgs } from "./alias/tlsChildren.js";
import type { DestinationRule, ServiceEntry, VirtualService } from "./resources/istio.js";
import { TOKENS } from "./resources/tokens.js";
import { inputsOf } from "./resources/transform.js";

export type { EgressTlsRuleArgs } from "./alias/tlsChildren.js";

/**
 * What a client's sidecar does with TLS towards an alias. Its arguments are checked by the rules of a
 * catalogue's alias before anything is created; values that come from other resources, when they are known.
 *
 * @example
 * const rule = new EgressTlsRule("my-wikipedia", {
 *   name: "my-wikipedia",
 *   host: "my-wikipedia.default.svc.cluster.local",
 *   ports: [{ name: "tls", port: 443 }],
 *   tls: { mode: "DISABLE" },
 * });
 * // The Service comes after its rule and goes before it: no client ever meets it without.
 * new ExternalService("my-wikipedia", { ... }, { dependsOn: rule });
 *
 * @example
 * // Workloads speak plain HTTP; Istio makes it TLS to httpbin.org:443.
 * new EgressTlsRule("my-httpbin", {
 *   name: "my-httpbin",
 *   host: "my-httpbin.default.svc.cluster.local",
 *   externalName: "httpbin.org",
 *   ports: [{ name: "http", port: 80, targetPort: 443 }],
 *   tls: { mode: "SIMPLE", sni: "httpbin.org", subjectAltNames: ["httpbin.org"] },
 * });
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

  /** @throws RunError with a line for each mistake in the arguments */
  constructor(name: string, args: EgressTlsRuleArgs, opts?: ComponentResourceOptions) {
    super(TOKENS.EgressTlsRule, name, inputsOf(args), opts);
    const made = createTlsChildren(name, checkedRule(name, args), { parent: this });
    this.rule = made.rule;
    this.serviceEntry = made.serviceEntry;
    this.targetRule = made.targetRule;
    this.virtualService = made.virtualService;
    this.effectiveHost = output(made.effectiveHost);
    this.registerOutputs({ effectiveHost: this.effectiveHost });
  }
}

/** An address for documentation: a rule doesn't know those of its alias. */
const SOME_ADDRESS = "192.0.2.1";

function checkedRule(name: string, args: EgressTlsRuleArgs): EgressTlsRuleArgs {
  const { host, tls, targetName, transform, mesh: known, ...given } = args;
  // No alias of a catalogue says AUTO; it is what aliases get whose servers may move inside.
  const isAuto = tls?.mode === "AUTO";
  const target = given.externalName === undefined ? { addresses: [SOME_ADDRESS] } : {};
  const declared = { ...target, ...given, tls: isAuto ? { mode: "DISABLE" } : tls };
  const { alias, mesh } = checkedAlias(`EgressTlsRule "${name}"`, declared, known);
  const { name: rule, namespace, externalName, ports, exportTo } = alias;
  const intent = isAuto ? tls : alias.tls;
  const checked = { name: rule, namespace, host, ports, tls: intent, externalName, exportTo };
  return { ...checked, mesh, targetName, transform };
}
