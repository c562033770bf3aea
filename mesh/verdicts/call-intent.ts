import type { Call } from "../call/call.js";
import { ruleFor } from "../clusters/clusters.js";
import type { ObjectRef } from "../input/kube-object.js";
import type { Mesh } from "../mesh.js";
import { chooseRule, lookUpRules } from "../rules/destination-rule-index.js";
import { resolvePolicy, type TlsMode } from "../rules/traffic-policy.js";
import { importedService } from "../scope/imported-service.js";
import type { Alias } from "./alias.js";

/** What the rules for an alias say of TLS, whether or not a cluster follows them. */
export interface TlsIntent {
  /** Absent: nothing is said. */
  mode?: TlsMode;
  rule?: ObjectRef;
}

/** The intent for a call: by the rule for the alias itself, else by the one for what it stands for. */
export function intentOf(mesh: Mesh, { client, port }: Call, alias: Alias | undefined): TlsIntent {
  const hosts = alias ? [alias.host, alias.terminal].filter((host) => host !== undefined) : [];
  for (const host of hosts) {
    const service = importedService(mesh, mesh.sidecarScopeOf(client), host);
    const rule = service
      ? ruleFor(mesh, client, service)
      : chooseRule(
          lookUpRules(
            mesh.destinationRuleIndex,
            mesh.facts,
            host,
            alias?.ref.namespace ?? "",
          )(client.namespace),
          client.namespace,
          client.labels ?? {},
        );
    const { tls, origin } = resolvePolicy(rule?.policy, undefined, port);
    if (tls) return { mode: tls.mode, ...(origin ? { rule: origin.ref } : {}) };
    const ports = new Set(service?.ports.map(({ number }) => number));
    // A setting for a port that the alias hasn't got is meant for one that it has.
    const missed = rule?.policy?.ports.find(
      (setting) => setting.tls && setting.number !== undefined && !ports.has(setting.number),
    );
    if (missed?.tls && rule?.policy) {
      return { mode: missed.tls.mode, rule: rule.policy.origin.ref };
    }
  }
  return {};
}
