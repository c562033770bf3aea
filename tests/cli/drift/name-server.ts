import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import packet from "dns-packet";

/** A record: `A 192.0.2.1` with its seconds to live, or the name that a name is only another of. */
export type Record =
  | { type: "A" | "AAAA"; data: string; ttl?: number }
  | { type: "CNAME"; name?: string; data: string; ttl?: number };

/** What a name has, ask by ask: the last one holds. */
export type Zone = { [name: string]: readonly Record[][] | "SERVFAIL" | "REFUSED" | "silent" };

const DEFAULT_TTL = 600;

const RCODES = { SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 } as const;

/** A DNS server on loopback, at a port of its own, which answers with what its zone says. */
export class NameServer {
  /** How often each name was asked for, by `A en.wikipedia.org`. */
  readonly asked = new Map<string, number>();

  private constructor(
    private readonly socket: Socket,
    public zone: Zone,
  ) {}

  static async start(zone: Zone): Promise<NameServer> {
    const socket = createSocket("udp4");
    const server = new NameServer(socket, zone);
    socket.on("message", (message, { port, address }) => {
      const answer = server.answerTo(packet.decode(message));
      if (answer) socket.send(answer, port, address);
    });
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    return server;
  }

  /** As `--dns-server` takes it. */
  get address(): string {
    return `127.0.0.1:${this.socket.address().port}`;
  }

  stop(): void {
    this.socket.close();
  }

  private answerTo({ id, questions = [] }: packet.Packet): Buffer | undefined {
    const [question] = questions as [packet.Question];
    const { name, type } = question;
    const times = (this.asked.get(`${type} ${name}`) ?? 0) + 1;
    this.asked.set(`${type} ${name}`, times);
    const known = this.zone[name];
    if (known === "silent") return undefined;
    const failure =
      known === undefined ? "NXDOMAIN" : typeof known === "string" ? known : undefined;
    const rcode = failure === undefined ? 0 : RCODES[failure];
    const records = typeof known === "object" ? known[Math.min(times, known.length) - 1]! : [];
    const answers = records
      .filter((record) => record.type === type || record.type === "CNAME")
      .map((record) => ({ name, ttl: DEFAULT_TTL, ...record }));
    const flags = packet.RECURSION_DESIRED | packet.RECURSION_AVAILABLE | rcode;
    return packet.encode({ type: "response", id, flags, questions, answers });
  }
}

/** A records, or AAAA where an address has a colon. */
export function records(...addresses: string[]): Record[] {
  return addresses.map((data) => ({ type: data.includes(":") ? "AAAA" : "A", data }));
}
