import { opensConfigMaps } from "../input/istio-version.js";
import type { MeshFacts } from "../input/mesh-facts.js";
import { at, text, texts } from "../input/plain.js";
import type { Mesh } from "../mesh.js";
import type { DestinationRule } from "../rules/destination-rule.js";
import type { Tls } from "../rules/traffic-policy.js";

/**
 * Whether gateways that aren't among the objects may follow a rule, and read what sidecars don't: it
 * is in the root namespace, or a VirtualService sends calls from a gateway to its host.
 */
export function mayBeForGateways(
  { facts, byKind }: Mesh,
  namespace: string,
  hosts: readonly string[],
): boolean {
  if (namespace === facts.rootNamespace) return true;
  const isMentioned = (value: unknown): boolean =>
    typeof value === "object" && value !== null
      ? Object.values(value).some(isMentioned)
      : hosts.includes(text(value));
  return byKind.VirtualService.some(({ spec }) => {
    const isOfGateway = texts(at(spec, "gateways")).some((gateway) => gateway !== "mesh");
    return isOfGateway && isMentioned(spec);
  });
}

/**
 * What to write instead where all TLS that a rule starts needs certificates that a sidecar isn't given,
 * so that it sends plaintext; undefined where some of it works.
 */
export function certificateInstead(
  { selector, policy, subsets }: DestinationRule,
  facts: Pick<MeshFacts, "istioVersion">,
): string | undefined {
  if (selector) return undefined;
  const said = [policy, ...subsets.map((subset) => subset.policy)].flatMap((one) =>
    one ? [one, ...one.ports] : [],
  );
  const blocks = said.flatMap(({ tls }) => (tls && tls.mode !== "DISABLE" ? [tls] : []));
  const isUnread = ({ mode, credential }: Tls) =>
    mode !== "ISTIO_MUTUAL" &&
    (credential === "secret" || (credential === "config-map" && !opensConfigMaps(facts)));
  const isEmpty = ({ mode, hasCertificates }: Tls) => mode === "MUTUAL" && !hasCertificates;
  if (blocks.length === 0 || !blocks.every((tls) => isUnread(tls) || isEmpty(tls))) {
    return undefined;
  }
  const unread = blocks.find(isUnread);
  return unread
    ? `A sidecar reads no credentialName unless the rule has a workloadSelector: it ignores ` +
        `${unread.mode} and sends plaintext. Add a workloadSelector, or name files that the sidecar ` +
        `has (caCertificates, clientCertificate, privateKey).`
    : "MUTUAL without clientCertificate and privateKey is ignored, and plaintext is sent. Name " +
        "them, or write SIMPLE.";
}
