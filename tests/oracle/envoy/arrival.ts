/** How a connection begins that arrived outside: in clear, or with a ClientHello and what it says. */

/** What the first bytes of a connection say. */
export interface Arrival {
  /** Absent: no TLS. */
  hello?: { serverName?: string; protocols: string[] };
}

/** By the last of them a ClientHello of the application is told from one of its proxy. */
export const APPLICATION_PROTOCOLS = ["h2", "http/1.1", "of-the-application"];

const PROXY_V2 = Buffer.from("0d0a0d0a000d0a515549540a", "hex");
const HANDSHAKE = 22;
const SERVER_NAME = 0;
const ALPN = 16;

/** Reads the first bytes of a connection; undefined while they don't tell yet. */
export function arrivalOf(first: Buffer): Arrival | undefined {
  const bytes = withoutProxyHeader(first);
  if (bytes.length === 0) return undefined;
  if (bytes[0] !== HANDSHAKE) return {};
  const isWhole = bytes.length >= 5 && bytes.length >= 5 + bytes.readUInt16BE(3);
  return isWhole ? { hello: helloOf(bytes) } : undefined;
}

function withoutProxyHeader(bytes: Buffer): Buffer {
  return bytes.length >= 16 && bytes.subarray(0, PROXY_V2.length).equals(PROXY_V2)
    ? bytes.subarray(16 + bytes.readUInt16BE(14))
    : bytes;
}

/** RFC 8446, section 4.1.2: version, random, session, ciphers, compression, extensions. */
function helloOf(record: Buffer): NonNullable<Arrival["hello"]> {
  let at = 5 + 4 + 2 + 32;
  at += 1 + record.readUInt8(at);
  at += 2 + record.readUInt16BE(at);
  at += 1 + record.readUInt8(at);
  const end = at + 2 + record.readUInt16BE(at);
  at += 2;
  const hello: NonNullable<Arrival["hello"]> = { protocols: [] };
  while (at + 4 <= end && at + 4 <= record.length) {
    const type = record.readUInt16BE(at);
    const body = record.subarray(at + 4, at + 4 + record.readUInt16BE(at + 2));
    if (type === SERVER_NAME) hello.serverName = body.subarray(5).toString();
    if (type === ALPN) hello.protocols = protocolsIn(body.subarray(2));
    at += 4 + record.readUInt16BE(at + 2);
  }
  return hello;
}

function protocolsIn(list: Buffer): string[] {
  const protocols: string[] = [];
  for (let at = 0; at < list.length; at += 1 + list[at]!) {
    protocols.push(list.subarray(at + 1, at + 1 + list[at]!).toString());
  }
  return protocols;
}
