/** Servers outside with certificates of the tests' own. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import * as tls from "node:tls";
import {
  type JsonGeneralNames,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { type Catalogue, parseCatalogue } from "../../../catalogue/catalogue.js";
import { exportKey, generateKeys } from "../../../local/authority.js";

const DAY_MS = 24 * 60 * 60 * 1000;
export const day = (fromNow: number) =>
  new Date(Date.now() + fromNow * DAY_MS + 60_000).toISOString().slice(0, 10);

export interface Issued {
  names?: JsonGeneralNames;
  /** Days from now. */
  begins?: number;
  ends?: number;
}

/** A TLS server on loopback whose certificate nobody but itself vouches for. */
export async function serve(
  { names = [], begins = -1, ends = 90 }: Issued,
  options: tls.TlsOptions = {},
): Promise<tls.Server> {
  const keys = await generateKeys();
  const at = (days: number) => new Date(Date.now() + days * DAY_MS + 60_000);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: [{ CN: ["www.example.com"] }],
    keys,
    notBefore: at(begins),
    notAfter: at(ends),
    signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
    extensions: names.length > 0 ? [new SubjectAlternativeNameExtension(names)] : [],
  });
  const key = await exportKey("pkcs8", keys.privateKey);
  const server = tls.createServer({ cert: certificate.toString("pem"), key, ...options });
  // Whoever looks at the certificate hangs up.
  server
    .on("tlsClientError", () => {})
    .on("secureConnection", (socket) => socket.on("error", () => {}));
  return listening(server);
}

export async function listening<S extends Server>(server: S): Promise<S> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

/** A server that greets whoever connects, in clear. */
export function withoutTls(): Promise<Server> {
  return listening(createServer((socket) => socket.on("error", () => {}).end("220 hello\r\n")));
}

export const portOf = (server: Server) => (server.address() as AddressInfo).port;

/** What a catalogue may say of a server; that it can't say an address of loopback is set aside here. */
export function catalogueOf(port: number, tls: object): Catalogue {
  const alias = {
    name: "api",
    addresses: ["192.0.2.1"],
    ports: [{ name: "http", port: 80, targetPort: port }],
    tls,
  };
  const catalogue = parseCatalogue({ clients: [], aliases: [alias] }, "Pulumi.test.yaml");
  catalogue.aliases[0]!.addresses = ["127.0.0.1"];
  return catalogue;
}

export const NAMED: JsonGeneralNames = [{ type: "dns", value: "api.example.com" }];
