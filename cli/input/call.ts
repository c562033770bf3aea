import { InvalidArgumentError } from "commander";
import type { Call, Sends } from "../../mesh/index.js";
import { parseClient } from "./options.js";

const SENDS: Readonly<Record<string, { sends: Sends; port?: number }>> = {
  http: { sends: "http", port: 80 },
  https: { sends: "tls", port: 443 },
  tls: { sends: "tls" },
  tcp: { sends: "tcp" },
  ftp: { sends: "server-first", port: 21 },
  ssh: { sends: "server-first", port: 22 },
  smtp: { sends: "server-first", port: 25 },
  mysql: { sends: "server-first", port: 3306 },
};

const FORM =
  'Write CLIENT -> SCHEME://HOST[:PORT][/PATH] [at ADDRESS], as in "shop -> https://db.example.com:5432".';

/**
 * `shop:app=web -> https://en.wikipedia.org:443/wiki at my-wikipedia.default`: who calls, what it sends
 * and to whom, and where it connects to if that isn't the name itself (`curl --resolve`).
 */
export function call(text: string, previous: Call[] = []): Call[] {
  const match =
    /^\s*(\S+)\s*(?:->|→)\s*([a-z]+):\/\/([^\s/:]+|\[[^\s\]]+\])(?::(\d+))?(\/\S*)?(?:\s+at\s+(\S+))?\s*$/u.exec(
      text,
    );
  if (!match) throw new InvalidArgumentError(`"${text}" isn't a call. ${FORM}`);
  const [, client = "", scheme = "", host = "", port, path, address] = match;
  const kind = SENDS[scheme];
  if (!kind) {
    throw new InvalidArgumentError(
      `"${scheme}" isn't a scheme of a call: write http, https, tls or tcp, or where the server speaks first ftp, ssh, smtp or mysql.`,
    );
  }
  const number = port === undefined ? kind.port : Number(port);
  if (number === undefined || number < 1 || number > 65535) {
    throw new InvalidArgumentError(
      `"${text}" names no port: write one from 1 to 65535, as in ${scheme}://${host}:5432.`,
    );
  }
  const name = host.replace(/^\[|\]$/g, "");
  return [
    ...previous,
    {
      client: parseClient(client),
      address: address ?? name,
      port: number,
      sends: kind.sends,
      ...(kind.sends === "http" || kind.sends === "tls" ? { host: name } : {}),
      ...(path === undefined || kind.sends !== "http" ? {} : { path }),
    },
  ];
}

/** A call as {@link call} reads it, without its client. */
export function callText({ address, port, sends, host, path }: Call): string {
  const scheme = sends === "server-first" ? serverFirst(port) : sends === "tls" ? "https" : sends;
  const name = host ?? address;
  const where = name === address ? "" : ` at ${address}`;
  return `${scheme}://${name}:${port}${path ?? ""}${where}`;
}

/** The scheme of a port where the server speaks first; one of no known number is written as SMTP. */
function serverFirst(port: number): string {
  const known = Object.entries(SENDS).find(
    ([, kind]) => kind.sends === "server-first" && kind.port === port,
  );
  return known?.[0] ?? "smtp";
}
