import { SubjectAlternativeNameExtension, X509Certificate } from "@peculiar/x509";
import type { Catalogue, CatalogueAlias, CatalogueTls } from "../../catalogue/catalogue.js";
import { istioEncrypts, transportOf } from "../../catalogue/ports.js";
import { visible } from "../../mesh/index.js";
import { aliasText } from "./addresses.js";
import type { Handshake, ServerAddress } from "./handshake.js";
import type { DriftRow } from "./row.js";

type Origination = Extract<CatalogueTls, { mode: "SIMPLE" | "MUTUAL" }>;

/** A server whose certificate is looked at, and what the catalogue says of it. */
export interface CertificateQuestion extends ServerAddress {
  /** `default/my-httpbin at 192.0.2.1:443`. */
  subject: string;
  tls: Origination;
}

/**
 * Every server that sidecars start TLS with: each port that they encrypt on, at each address.
 *
 * @param addressesOf an alias's; none where they aren't known
 */
export function certificateQuestions(
  { aliases }: Catalogue,
  addressesOf: (alias: CatalogueAlias, index: number) => readonly string[],
): CertificateQuestion[] {
  return aliases.flatMap((alias, index) => {
    const { tls, ports } = alias;
    if ((tls.mode !== "SIMPLE" && tls.mode !== "MUTUAL") || alias.location === "inside") return [];
    const encrypted = ports.filter(
      (port) => istioEncrypts(port.name) && transportOf(port) === "TCP",
    );
    const numbers = [...new Set(encrypted.map(({ port, targetPort = port }) => targetPort))];
    return addressesOf(alias, index).flatMap((address) =>
      numbers.map((port) => {
        const subject = `${aliasText(alias)} at ${addressText(address, port)}`;
        return { subject, address, port, sni: tls.sni, tls };
      }),
    );
  });
}

function addressText(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** When a certificate ends too soon. */
export interface Clock {
  /** As of `Date.now()`. */
  now: number;
  /** Days. */
  soon: number;
}

/** The row of one server. */
export function certificateRow(
  { subject, tls }: CertificateQuestion,
  handshake: Handshake,
  clock: Clock,
): DriftRow {
  const common = {
    subject,
    about: "certificate" as const,
    declared: `${tls.subjectAltNames.join(" or ")}, ${clock.soon} days or more`,
  };
  if ("unreached" in handshake) {
    return { ...common, found: `not reached: ${handshake.unreached}`, state: "unknown" };
  }
  if ("refused" in handshake) {
    // A server that wants to see the client's certificate first says nothing of its own.
    const state = tls.mode === "MUTUAL" ? "unknown" : "drift";
    return { ...common, found: `no TLS: ${handshake.refused}`, state };
  }
  try {
    const certificate = new X509Certificate(handshake.certificate);
    const faults = [
      ...nameFaults(certificate, tls),
      ...timeFaults(certificate, clock),
      ...trustFaults(handshake.distrust, tls),
    ];
    if (faults.length > 0) return { ...common, found: faults.join("; "), state: "drift" };
    const found = `${namesOn(certificate).join(", ")}, until ${day(certificate.notAfter)}`;
    return { ...common, found, state: "ok" };
  } catch {
    // OpenSSL lets extensions pass that can't be read; any server may send some.
    return { ...common, found: "its certificate can't be read", state: "drift" };
  }
}

function nameFaults(certificate: X509Certificate, { subjectAltNames }: Origination): string[] {
  const names = namesOn(certificate);
  if (subjectAltNames.some((declared) => names.some((name) => carries(name, declared)))) return [];
  return [`it is for ${names.length > 0 ? names.join(", ") : "no name at all"}`];
}

/** Its subject alternative names: the common name counts no more, neither for Envoy nor for browsers. */
function namesOn(certificate: X509Certificate): string[] {
  const names = certificate.getExtension(SubjectAlternativeNameExtension)?.names.items ?? [];
  return names
    .filter(({ type }) => ["dns", "ip", "url", "email"].includes(type))
    .map(({ value }) => visible(value));
}

/**
 * Mirrors Envoy's matching of a subject alternative name that Istio requires: the same text, or a
 * wildcard of one label on the certificate.
 *
 * @param name on the certificate
 * @param declared in `subjectAltNames`
 */
export function carries(name: string, declared: string): boolean {
  const [pattern, wanted] = [name.toLowerCase(), declared.toLowerCase()];
  if (pattern === wanted) return true;
  const [first = "", ...rest] = pattern.split(".");
  const [label = "", ...parent] = wanted.split(".");
  if (!first.includes("*") || rest.length === 0 || rest.join(".") !== parent.join("."))
    return false;
  if (rest.some((part) => part.includes("*")) || label === "") return false;
  if (first === "*") return true;
  const [start = "", end = "", ...more] = first.split("*");
  const isPlain = !first.startsWith("xn--") && !label.startsWith("xn--");
  return (
    more.length === 0 &&
    isPlain &&
    label.length >= start.length + end.length &&
    label.startsWith(start) &&
    label.endsWith(end)
  );
}

function timeFaults({ notBefore, notAfter }: X509Certificate, { now, soon }: Clock): string[] {
  if (notBefore.getTime() > now) return [`it begins on ${day(notBefore)}`];
  const left = notAfter.getTime() - now;
  if (left <= 0) return [`it expired on ${day(notAfter)}`];
  if (left >= soon * DAY_MS) return [];
  return [`it expires on ${day(notAfter)}, in ${Math.floor(left / DAY_MS)} days`];
}

/** OpenSSL's codes for what {@link timeFaults} says. */
const OF_TIME = ["CERT_HAS_EXPIRED", "CERT_NOT_YET_VALID"];

/** The authorities that a sidecar has in a file or a Secret aren't at hand here. */
function trustFaults(distrust: string | undefined, tls: Origination): string[] {
  const hasOwn = tls.credentialName !== undefined || tls.caCertificates !== undefined;
  if (distrust === undefined || hasOwn || OF_TIME.includes(distrust)) return [];
  return [`no public authority vouches for it (${distrust})`];
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}
