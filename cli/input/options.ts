import { type Command, InvalidArgumentError, Option } from "commander";
import ipaddr from "ipaddr.js";
import { Mistake } from "../mistake.js";
import {
  type Client,
  istioVersionMistake,
  type MeshFacts,
  type OutboundTrafficPolicy,
} from "../../mesh/index.js";

/** Mesh facts as commander hands them over. */
export interface FactOptions {
  istioVersion?: string;
  externalNameAlias: boolean;
  clusterDomain?: string;
  rootNamespace?: string;
  autoMtls: boolean;
  defaultDestinationRuleExportTo?: string[];
  defaultServiceExportTo?: string[];
  defaultVirtualServiceExportTo?: string[];
  revision?: string;
  clusterCidr?: string[];
  externalHost?: string[];
  outboundTrafficPolicy?: OutboundTrafficPolicy;
  dnsCapture?: boolean;
}

/** Adds the options for what the objects don't say and istiod's configuration does. */
export function addFactOptions(command: Command): Command {
  return addFactsBesideVersion(
    command.addOption(
      new Option("--istio-version <version>", "Istio's version (default: 1.31)")
        .argParser(version)
        .helpGroup(FACTS),
    ),
  );
}

const FACTS = "Mesh facts:";

/** The same without Istio's version, for who asks about several. */
export function addFactsBesideVersion(command: Command): Command {
  const options = [
    new Option(
      "--no-external-name-alias",
      "ENABLE_EXTERNAL_NAME_ALIAS is off (Istio 1.21 to 1.23)",
    ),
    new Option("--cluster-domain <domain>", "(default: cluster.local)"),
    new Option("--root-namespace <namespace>", "meshConfig.rootNamespace (default: istio-system)"),
    new Option("--no-auto-mtls", "meshConfig.enableAutoMtls is false"),
    new Option(
      "--default-destination-rule-export-to <namespace>",
      'meshConfig.defaultDestinationRuleExportTo, repeatable (default: "*")',
    ).argParser(collected),
    new Option(
      "--default-service-export-to <namespace>",
      'meshConfig.defaultServiceExportTo, repeatable (default: "*")',
    ).argParser(collected),
    new Option(
      "--default-virtual-service-export-to <namespace>",
      'meshConfig.defaultVirtualServiceExportTo, repeatable (default: "*")',
    ).argParser(collected),
    new Option("--revision <revision>", "the control plane's revision (default: default)"),
    new Option(
      "--cluster-cidr <cidr>",
      "a Pod or Service range, repeatable: addresses inside aren't external",
    ).argParser(cidr),
    new Option(
      "--external-host <host>",
      "a host that is external though its Service isn't given, repeatable; *.suffix works too",
    ).argParser(collected),
    new Option(
      "--outbound-traffic-policy <mode>",
      "meshConfig.outboundTrafficPolicy.mode (default: ALLOW_ANY)",
    ).choices(["ALLOW_ANY", "REGISTRY_ONLY"]),
    new Option("--dns-capture", "sidecars answer DNS (ISTIO_META_DNS_CAPTURE)"),
  ];
  for (const option of options) command.addOption(option.helpGroup(FACTS));
  return command;
}

/** The facts that were given; what wasn't is left out, so that a cluster's own can stand. */
export function factsFrom(options: FactOptions): Partial<MeshFacts> {
  const facts: Partial<MeshFacts> = {
    istioVersion: options.istioVersion,
    externalNameAlias: options.externalNameAlias ? undefined : false,
    clusterDomain: options.clusterDomain,
    rootNamespace: options.rootNamespace,
    enableAutoMtls: options.autoMtls ? undefined : false,
    defaultDestinationRuleExportTo: options.defaultDestinationRuleExportTo,
    defaultServiceExportTo: options.defaultServiceExportTo,
    defaultVirtualServiceExportTo: options.defaultVirtualServiceExportTo,
    revision: options.revision,
    clusterCidrs: options.clusterCidr,
    externalHosts: options.externalHost,
    outboundTrafficPolicy: options.outboundTrafficPolicy,
    dnsCapture: options.dnsCapture,
  };
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
}

/**
 * Refuses options that do nothing unless another one is given, too.
 *
 * @param names of options, as commander calls their values
 * @throws {Mistake} naming the first that was given in vain
 */
export function requireWith(command: Command, needed: string, names: readonly string[]): void {
  const isGiven = (name: string) => command.getOptionValueSource(name) === "cli";
  if (isGiven(needed)) return;
  const given = command.options.filter((option) => isGiven(option.attributeName()));
  const vain = given.find((option) => names.includes(option.attributeName()));
  if (vain) throw new Mistake(`${vain.long} does nothing without --${needed}: give both, or none.`);
}

/** `NS` or `NS:key=value,...`, one more client for the list. */
export function client(text: string, previous: Client[] = []): Client[] {
  return [...previous, parseClient(text)];
}

/** The same for a gateway. */
export function gateway(text: string, previous: Client[] = []): Client[] {
  return [...previous, { ...parseClient(text), gateway: true }];
}

/** `--namespace`, for the output of a chart, which leaves it to the tool that applies it. */
export function namespaceOption(): Option {
  return new Option(
    "-n, --namespace <namespace>",
    "of objects that name none (default: default)",
  ).argParser((text: string) => {
    if (NAMESPACE.test(text)) return text;
    throw new InvalidArgumentError('Write a namespace such as "shop".');
  });
}

const NAMESPACE = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/** `NS` or `NS:key=value,...`. @throws {InvalidArgumentError} for anything else */
export function parseClient(text: string): Client {
  const [namespace = "", ...rest] = text.split(":");
  if (!NAMESPACE.test(namespace)) {
    throw new InvalidArgumentError(
      'Write NAMESPACE or NAMESPACE:key=value,..., as in "shop:app=web".',
    );
  }
  if (rest.length === 0) return { namespace };
  const pairs = rest
    .join(":")
    .split(",")
    .map((pair) => pair.split("="));
  const wrong = pairs.find((pair) => pair.length !== 2 || pair[0] === "");
  if (wrong) throw new InvalidArgumentError(`"${wrong.join("=")}" isn't a label: write key=value.`);
  return { namespace, labels: Object.fromEntries(pairs) as Record<string, string> };
}

/** A version of Istio, as an option gives it. */
export function version(text: string): string {
  const mistake = istioVersionMistake(text);
  if (mistake) throw new InvalidArgumentError(`${mistake}.`);
  return text;
}

function collected(text: string, previous: string[] = []): string[] {
  return [...previous, text];
}

function cidr(text: string, previous?: string[]): string[] {
  if (ipaddr.isValidCIDR(text)) return collected(text, previous);
  throw new InvalidArgumentError('Write a range such as "10.96.0.0/12".');
}
