import { webcrypto } from "node:crypto";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  cryptoProvider,
  type JsonGeneralNames,
  type X509Certificate,
} from "@peculiar/x509";

cryptoProvider.set(webcrypto);

const KEY_ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const VALID_DAYS = 365;

/** Signs certificates; its key is never written anywhere. */
export interface Authority {
  certificate: X509Certificate;
  keys: webcrypto.CryptoKeyPair;
}

/** A certificate and its private key, PEM. */
export interface KeyPair {
  cert: string;
  key: string;
}

/** A new authority of that name, which signs with ECDSA. */
export async function createAuthority(name: string): Promise<Authority> {
  const keys = await generateKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [name] }],
    keys,
    ...validity(),
    signingAlgorithm: KEY_ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  return { certificate, keys };
}

/** A certificate for a server that has these names and addresses. */
export function issueServer(
  authority: Authority,
  name: string,
  subjectAltNames: JsonGeneralNames,
): Promise<KeyPair> {
  // etcd talks to itself with its server certificate, so it is a client's as well.
  const usages = [ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth];
  return issue(
    authority,
    [{ CN: [name] }],
    [new ExtendedKeyUsageExtension(usages), new SubjectAlternativeNameExtension(subjectAltNames)],
  );
}

/** A certificate for a client; Kubernetes takes it for the user `name` of the group. */
export function issueClient(authority: Authority, name: string, group?: string): Promise<KeyPair> {
  const subject: Record<string, string[]>[] = [{ CN: [name] }];
  if (group !== undefined) subject.push({ O: [group] });
  return issue(authority, subject, [new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth])]);
}

async function issue(
  authority: Authority,
  subject: Record<string, string[]>[],
  extensions: (ExtendedKeyUsageExtension | SubjectAlternativeNameExtension)[],
): Promise<KeyPair> {
  const keys = await generateKeys();
  const certificate = await X509CertificateGenerator.create({
    subject,
    issuer: authority.certificate.subjectName.toJSON(),
    publicKey: keys.publicKey,
    signingKey: authority.keys.privateKey,
    ...validity(),
    signingAlgorithm: KEY_ALGORITHM,
    extensions: [new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true), ...extensions],
  });
  return { cert: certificate.toString("pem"), key: await exportKey("pkcs8", keys.privateKey) };
}

/** From a minute ago, so that clocks that differ a little don't matter. */
function validity(): { notBefore: Date; notAfter: Date } {
  const minute = 60_000;
  const now = Date.now();
  return {
    notBefore: new Date(now - minute),
    notAfter: new Date(now + VALID_DAYS * 24 * 60 * minute),
  };
}

/** A pair for signing with ECDSA. */
export function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ["sign", "verify"]);
}

/** PEM. */
export async function exportKey(
  format: "pkcs8" | "spki",
  key: webcrypto.CryptoKey,
): Promise<string> {
  const body = Buffer.from(await webcrypto.subtle.exportKey(format, key)).toString("base64");
  const label = format === "pkcs8" ? "PRIVATE KEY" : "PUBLIC KEY";
  const lines = body.match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
