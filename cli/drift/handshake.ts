import * as tls from "node:tls";

/** Where a server listens, and the server name to send. */
export interface ServerAddress {
  address: string;
  port: number;
  /** The server's name in the handshake. */
  sni: string;
}

/** The certificate that a server showed. */
export interface Shown {
  /** DER. */
  certificate: Buffer;
  /** Why Node's authorities don't vouch for it, as OpenSSL's code; undefined where they do. */
  distrust: string | undefined;
}

export type Handshake =
  | Shown
  /** Something answered, and it wasn't TLS, or it wanted to see a certificate first. */
  | { refused: string }
  /** Nobody answered. */
  | { unreached: string };

const PATIENCE_MS = 10_000;

/** What the network reports where no server answers. */
const NOT_REACHED = [
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ETIMEDOUT",
  "EADDRNOTAVAIL",
  "EACCES",
];

/** Starts TLS, looks at the certificate, and hangs up: no byte of the application is sent. */
export async function shakeHands(
  { address, port, sni }: ServerAddress,
  patience = PATIENCE_MS,
): Promise<Handshake> {
  return new Promise((resolve) => {
    const socket = tls.connect({
      host: address,
      port,
      servername: sni,
      minVersion: "TLSv1.2",
      // It is looked at below, and nothing is sent to a server that isn't the one that is meant.
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
    });
    const end = (handshake: Handshake) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(handshake);
    };
    const timer = setTimeout(
      () => end({ unreached: `no answer within ${patience / 1000} s` }),
      patience,
    );
    socket.once("secureConnect", () => {
      const { raw } = socket.getPeerCertificate();
      end({ certificate: raw, distrust: distrustOf(socket) });
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      const said = error.code ?? error.message;
      end(NOT_REACHED.includes(said) ? { unreached: said } : { refused: said });
    });
  });
}

function distrustOf({ authorizationError }: tls.TLSSocket): string | undefined {
  // Typed as an Error, and a code where OpenSSL speaks.
  const error = authorizationError as unknown as string | Error | null | undefined;
  if (error === null || error === undefined) return undefined;
  return typeof error === "string" ? error : error.message;
}
