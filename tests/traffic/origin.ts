/**
 * A server outside the cluster, as a program of its own: started with the file that holds its
 * {@link OriginSettings}. It writes what it sees to standard output, one {@link Sighting} a line.
 */
import { readFileSync } from "node:fs";
import { type IncomingMessage, type ServerResponse, createServer as httpServer } from "node:http";
import { createServer as httpsServer } from "node:https";
import { type Socket, createServer as tcpServer } from "node:net";
import { TLSSocket } from "node:tls";

/** What an origin serves on one port. */
export interface Listener {
  port: number;
  /** `echo` sends back what it gets; `greeting` speaks first, as a database does, and then echoes. */
  speaks: "http" | "https" | "echo" | "greeting";
  /** For https: PEM. */
  certificate?: { cert: string; key: string };
  /** For https: the authority of the clients that may come in, PEM. @default anybody may */
  clientAuthority?: string;
}

export interface OriginSettings {
  /** How it calls itself in what it saw. */
  name: string;
  /** IPv4 addresses on which it listens. */
  addresses: string[];
  listeners: Listener[];
}

/** What came to an origin: a request, the first bytes of a connection, or a failed handshake. */
export interface Sighting {
  origin: string;
  port: number;
  /** The address that it came from; unknown where the connection is gone already. */
  source?: string;
  /** Absent where what came wasn't encrypted. */
  tls?: {
    /** The name that was asked for, if any was. */
    sni?: string;
    /** The common name on the client's certificate, if it showed one. */
    client?: string;
  };
  request?: { host: string; path: string };
  /** What came on a port for plain TCP. */
  text?: string;
  /** Why it wasn't served, where it wasn't. */
  refused?: string;
}

/** How long an answer to `/slow` takes: many are under way then at any time. */
const SLOW_MS = 300;

const PAGES: Record<string, string> = {
  "/wiki/Main_Page":
    "<!DOCTYPE html>\n<html><head>\n<title>Wikipedia, the free encyclopedia</title>\n</head></html>\n",
};

/** Connections are left to their clients to close: else one may send where nobody listens any more. */
const KEPT = { keepAliveTimeout: 600_000 };

const { name, addresses, listeners } = JSON.parse(
  readFileSync(process.argv[2]!, "utf8"),
) as OriginSettings;

for (const listener of listeners) {
  for (const address of addresses) serverFor(listener).listen(listener.port, address);
}

function serverFor(listener: Listener) {
  switch (listener.speaks) {
    case "http":
      return httpServer(KEPT, answerFor(listener)).on("clientError", (error, socket) => {
        const tls = startsWithHandshake(error) ? {} : undefined;
        see(listener, socket as Socket, { ...(tls && { tls }), refused: error.message });
        socket.destroy();
      });
    case "https":
      return encryptedServer(listener);
    case "echo":
    case "greeting":
      return tcpServer((socket) => echo(listener, socket));
  }
}

function encryptedServer(listener: Listener) {
  const { certificate, clientAuthority } = listener;
  const clients = clientAuthority && { ca: clientAuthority, requestCert: true };
  const server = httpsServer({ ...KEPT, ...certificate, ...clients }, answerFor(listener));
  return server.on("tlsClientError", (error, socket) => {
    const isTls = !/http request|wrong version/i.test(error.message);
    see(listener, socket, { ...(isTls && { tls: tlsOf(socket) }), refused: error.message });
  });
}

function answerFor(listener: Listener) {
  return (request: IncomingMessage, response: ServerResponse) => {
    const { socket, headers, url: path = "" } = request;
    const tls = socket instanceof TLSSocket ? { tls: tlsOf(socket) } : {};
    see(listener, socket, { ...tls, request: { host: headers.host ?? "", path } });
    if (path === "/headers") {
      response.setHeader("content-type", "application/json");
      response.end(`${JSON.stringify({ headers: asSent(request) }, undefined, 2)}\n`);
    } else {
      response.setHeader("content-type", "text/html; charset=UTF-8");
      response.setHeader("x-origin", name);
      const page = PAGES[path] ?? `${name} at ${path}\n`;
      setTimeout(() => response.end(page), path === "/slow" ? SLOW_MS : 0);
    }
  };
}

/** Header names as httpbin prints them: each word with a capital. */
function asSent({ headers }: IncomingMessage): Record<string, unknown> {
  const capital = (header: string) => header.replace(/\b[a-z]/g, (letter) => letter.toUpperCase());
  return Object.fromEntries(
    Object.entries(headers).map(([header, value]) => [capital(header), value]),
  );
}

function echo(listener: Listener, socket: Socket): void {
  socket.on("error", () => {});
  if (listener.speaks === "greeting") socket.write("greetings from the server\n");
  socket.once("data", (chunk) => {
    const tls = chunk[0] === TLS_HANDSHAKE ? { tls: {} } : { text: chunk.toString() };
    see(listener, socket, tls);
  });
  socket.pipe(socket);
}

/** The first byte of a TLS connection. */
const TLS_HANDSHAKE = 0x16;

function startsWithHandshake(error: Error): boolean {
  return (error as { rawPacket?: Buffer }).rawPacket?.[0] === TLS_HANDSHAKE;
}

function tlsOf(socket: TLSSocket): NonNullable<Sighting["tls"]> {
  // Node's types leave out that it knows the name on the server's side, too.
  const { servername: sni } = socket as TLSSocket & { servername?: string | false | null };
  const client = socket.getPeerCertificate()?.subject?.CN?.toString();
  return { ...(sni && { sni }), ...(client && { client }) };
}

function see(
  { port }: Listener,
  { remoteAddress: source }: Socket,
  sighting: Omit<Sighting, "origin" | "port" | "source">,
): void {
  console.log(JSON.stringify({ origin: name, port, source, ...sighting }));
}
