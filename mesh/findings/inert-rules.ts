import { externalAliases, type Alias } from "../verdicts/alias.js";
import { defaultClients } from "../verdicts/default-clients.js";
import { at, compareRefs, compareText, text } from "../input/plain.js";
import { rulesFollowedTowards, contributesTo, rulesByHost } from "./followed-rules.js";
import { HostTable, isWildcard } from "../input/hosts.js";
import type { Mesh } from "../mesh.js";
import { type ObjectRef, namedText } from "../input/kube-object.js";
import { resolvePolicy } from "../rules/traffic-policy.js";
import { isOfCluster } from "../verdicts/location.js";
import { hostLike, mayBeElsewhere } from "./missing-host.js";
import { certificateInstead, mayBeForGateways } from "./unread-certificate.js";
import type { DestinationRule } from "../rules/destination-rule.js";
import { findUncertainty, type Uncertainty } from "../unknown/partial-objects.js";
import type { Client } from "../scope/client.js";

/** Why a rule does nothing. */
export type InertReason =
  /** Its host is an ExternalName, which has no cluster of its own. */
  | "external-name"
  /** Its host is the target of an ExternalName, which nothing registers. */
  | "no-service-entry"
  /** The form of its host looks right and matches nothing. */
  | "dead-host"
  /** A short host means a Service of the rule's own namespace, which has none of that name. */
  | "wrong-namespace"
  /** Every client that it is meant for follows another rule. */
  | "shadowed"
  /** All it says of TLS is for ports that the Service doesn't have. */
  | "no-such-port"
  /** Nothing has its host. */
  | "no-host"
  /** Its TLS needs a certificate that sidecars aren't given. */
  | "no-certificate";

/** A rule about an alias that no client will ever follow. */
export interface InertRule {
  rule: ObjectRef;
  /** The host as it was written. */
  host: string;
  reason: InertReason;
  /** The alias that it seems to be meant for. */
  alias?: ObjectRef;
  /** The rule that is followed instead. */
  by?: ObjectRef;
  /** Where nothing has its host: one that looks much like it. */
  meant?: string;
  /** What works instead: a sentence or two for people. */
  instead: string;
}

/**
 * Finds rules about external aliases that do nothing, so that nobody relies on them. A rule on an
 * ExternalName isn't listed if a rule on its target carries its intent out.
 *
 * @param clients the callers there are; @default {@link defaultClients}
 */
export function inertRules(
  mesh: Mesh,
  clients: readonly Client[] = defaultClients(mesh),
): InertRule[] {
  const search = new Search(mesh, clients, findUncertainty(mesh));
  return mesh.rules
    .flatMap((rule) => search.check(rule) ?? [])
    .sort((a, b) => compareRefs(a.rule, b.rule) || compareText(a.reason, b.reason));
}

/** For so many rules a similar host is looked for. */
const MOST_COMPARED = 100;

class Search {
  private readonly used = new Set<DestinationRule>();
  private readonly usedByGateways = new Set<DestinationRule>();
  private readonly followedBy = new Map<string, ObjectRef>();
  private readonly aliases: readonly Alias[];
  private readonly aliasesByHost = new Map<string, Alias>();
  private readonly byTarget = new HostTable<Alias>();
  private readonly covered = new Map<DestinationRule, string[]>();
  /** Ways in which people write an alias's host, the right one aside. */
  private readonly forms = new Map<string, Alias>();

  constructor(
    private readonly mesh: Mesh,
    private readonly clients: readonly Client[],
    private readonly uncertainty: Uncertainty | undefined,
  ) {
    this.aliases = externalAliases(mesh);
    for (const alias of this.aliases) {
      if (this.aliasesByHost.get(alias.host)?.terminal === undefined)
        this.aliasesByHost.set(alias.host, alias);
      if (alias.terminal !== undefined) this.byTarget.set(alias.terminal, alias);
      const { namespace, name } = alias.ref;
      for (const form of [alias.host, `${name}.${namespace}`, name, alias.target]) {
        if (!this.forms.has(form.toLowerCase())) this.forms.set(form.toLowerCase(), alias);
      }
    }
    const table = rulesByHost(mesh);
    for (const host of mesh.registry.hosts()) {
      const rules = table.allMatching(host).flat();
      if (rules.length === 0) continue;
      for (const rule of rules) {
        const hosts = this.covered.get(rule);
        if (hosts) hosts.push(host);
        else this.covered.set(rule, [host]);
      }
      this.addUse(host, rules);
    }
  }

  private addUse(host: string, rules: readonly DestinationRule[]): void {
    const followed = rulesFollowedTowards(this.mesh, host, this.clients);
    for (const { client, service, consolidated } of followed) {
      if (!consolidated || service.resolution === "alias") continue;
      for (const rule of rules) {
        if (!contributesTo(rule, consolidated)) continue;
        this.used.add(rule);
        if (client.gateway) this.usedByGateways.add(rule);
      }
      const [first] = consolidated.rules;
      if (first) this.followedBy.set(host, first.ref);
    }
  }

  /** What is wrong with a rule, if it does nothing. */
  check(rule: DestinationRule): InertRule | undefined {
    if (this.isUncertain(rule)) return undefined;
    if (this.used.has(rule)) return this.onlyMissingPorts(rule) ?? this.withoutCertificate(rule);
    const hosts = this.covered.get(rule) ?? [];
    if (hosts.length === 0) return this.aboutNothing(rule);
    const aliases = hosts.flatMap((host) => this.aliasesByHost.get(host) ?? []);
    const externalName = aliases.find((alias) => this.isAliasToIstio(alias));
    if (externalName) return this.onExternalName(rule, externalName);
    const [alias] = aliases;
    const by = alias && this.followedBy.get(alias.host);
    if (!alias || !by || compareRefs(by, rule.ref) === 0) return undefined;
    return found(rule, "shadowed", {
      alias: alias.ref,
      by,
      instead:
        `Every client that it is meant for follows ${namedText(by)}. Write what is to hold into that ` +
        `rule, or remove it.`,
    });
  }

  /** Values that aren't known, or an unknown age, could make it do something. */
  private isUncertain(rule: DestinationRule): boolean {
    if (!this.uncertainty) return false;
    const unordered = this.uncertainty.unorderedRules.get(rule.host) ?? [];
    return (
      this.uncertainty.partialObjects.has(rule.object) || unordered.includes(rule.ref.namespace)
    );
  }

  private isAliasToIstio(alias: Alias): boolean {
    return this.mesh.registry.of(alias.host).some(({ resolution }) => resolution === "alias");
  }

  private onExternalName(rule: DestinationRule, alias: Alias): InertRule | undefined {
    const target = alias.terminal;
    const registered = target === undefined ? [] : this.mesh.registry.of(target);
    if (target !== undefined && this.isCarriedOut(rule, target)) return undefined;
    const write = `the rule for host ${target ?? "of what it leads to"}`;
    return found(rule, "external-name", {
      alias: alias.ref,
      instead:
        `An ExternalName has no cluster of its own since Istio 1.21. ` +
        (registered.length > 0
          ? `Write ${write}.`
          : `Declare a ServiceEntry for ${target ?? "what it leads to"} and write ${write}.`),
    });
  }

  /** Whether the target's cluster gets the TLS that the rule on the alias asks for. */
  private isCarriedOut(rule: DestinationRule, target: string): boolean {
    const wanted = rule.policy?.tls?.mode;
    const followed = rulesFollowedTowards(this.mesh, target, this.clients);
    return (
      followed.length > 0 &&
      followed.every(({ service, consolidated }) =>
        service.ports.every((port) => {
          const settings = resolvePolicy(consolidated?.policy, undefined, port.number);
          return wanted === undefined || settings.tls?.mode === wanted;
        }),
      )
    );
  }

  private aboutNothing(rule: DestinationRule): InertRule | undefined {
    const written = text(at(rule.object, "spec", "host"));
    const [target] = this.byTarget.matches(rule.host);
    const lead = target === undefined ? undefined : this.byTarget.get(target);
    if (lead) {
      return found(rule, "no-service-entry", {
        alias: lead.ref,
        instead: `Istio knows no ${rule.host}: declare a ServiceEntry for it.`,
      });
    }
    const meant = this.meantBy(written);
    if (!meant) return this.aboutNobody(rule);
    const isShort = !written.includes(".");
    return found(rule, isShort ? "wrong-namespace" : "dead-host", {
      alias: meant.ref,
      instead: isShort
        ? `In namespace ${rule.ref.namespace} the host ${written} means ${rule.host}. ` +
          (meant.host.includes(".")
            ? `Write ${meant.host}.`
            : `No rule can name a host without a dot: give ${namedText(meant.ref)} one with a dot.`)
        : `Istio takes ${written} as a complete name, and nothing has it. Write ${meant.host}.`,
    });
  }

  /** A rule for a host that nothing has, as far as that can be said. */
  private aboutNobody(rule: DestinationRule): InertRule | undefined {
    const isOpen = [...(this.uncertainty?.partialObjects.values() ?? [])].some(
      ({ kind, identityUnknown }) => identityUnknown && kind.startsWith("Service"),
    );
    if (isOpen || rule.yieldsToRules || mayBeElsewhere(this.mesh, rule.host)) return undefined;
    const meant = ++this.compared > MOST_COMPARED ? undefined : hostLike(this.mesh, rule.host);
    const instead = `Nothing here has the host ${rule.host}`;
    if (meant !== undefined) {
      return {
        ...found(rule, "no-host", { instead: `${instead}. Did you mean ${meant}?` }),
        meant,
      };
    }
    if (isOfCluster(this.mesh, rule.host) || isWildcard(rule.host)) return undefined;
    return found(rule, "no-host", { instead: `${instead}: it needs a ServiceEntry.` });
  }

  private compared = 0;

  /** A rule about an alias that sidecars follow, which are given none of its certificates. */
  private withoutCertificate(rule: DestinationRule): InertRule | undefined {
    const hosts = this.covered.get(rule) ?? [];
    const [alias] = hosts.flatMap((host) => this.aliasesByHost.get(host) ?? []);
    const isForGateways =
      this.usedByGateways.has(rule) || mayBeForGateways(this.mesh, rule.ref.namespace, hosts);
    if (!alias || isForGateways) return undefined;
    const instead = certificateInstead(rule, this.mesh.facts);
    return instead === undefined
      ? undefined
      : found(rule, "no-certificate", { alias: alias.ref, instead });
  }

  /** The alias that a host which matches nothing may have meant. */
  private meantBy(written: string): Alias | undefined {
    const plain = written.toLowerCase().replace(/\.+$/, "");
    // Whatever follows `.svc` is a cluster domain, if not this cluster's.
    const meant = this.forms.get(plain) ?? this.forms.get(plain.replace(/\.svc(\..*)?$/, ""));
    if (meant || !plain.includes("*")) return meant;
    return this.aliases.find((alias) => matchesInside(plain, alias.host));
  }

  /** A rule that is followed, but says of TLS only what concerns ports that don't exist. */
  private onlyMissingPorts(rule: DestinationRule): InertRule | undefined {
    const policies = [rule.policy, ...rule.subsets.map((subset) => subset.policy)];
    const said = policies.flatMap((policy) => (policy ? [policy, ...policy.ports] : []));
    const alias = this.aliasesByHost.get(rule.host);
    if (!alias || isWildcard(rule.host)) return undefined;
    // Of several services of one host each client is given one.
    const ports = this.mesh.registry.of(rule.host).flatMap((service) => service.ports);
    const declared = new Set(ports.map(({ number }) => number));
    if (declared.size === 0) return undefined;
    // PASSTHROUGH makes automatic mutual TLS unconditional.
    const withTls = said.filter(({ tls, loadBalancer }) => tls ?? loadBalancer?.passthrough);
    const numbers = withTls.map((settings) => ("number" in settings ? settings.number : undefined));
    const missing = numbers.filter((number) => number !== undefined && !declared.has(number));
    if (withTls.length === 0 || missing.length < withTls.length) return undefined;
    return found(rule, "no-such-port", {
      alias: alias.ref,
      instead:
        `Its TLS settings are for port ${missing.join(", ")}; the Service has ` +
        `${[...declared].join(", ")}. Write the Service's port, not the target port.`,
    });
  }
}

/** A star that isn't first matches nothing in Istio, though it looks as if it did. */
function matchesInside(pattern: string, host: string): boolean {
  const [before, after, ...rest] = pattern.split("*");
  return (
    before !== undefined &&
    before !== "" &&
    after !== undefined &&
    rest.length === 0 &&
    host.startsWith(before) &&
    host.endsWith(after)
  );
}

function found(
  rule: DestinationRule,
  reason: InertReason,
  rest: Pick<InertRule, "alias" | "by" | "instead">,
): InertRule {
  return {
    rule: rule.ref,
    host: text(at(rule.object, "spec", "host")) || rule.host,
    reason,
    ...rest,
  };
}
