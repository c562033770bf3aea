import path from "node:path";
import {
  type Authority,
  createAuthority,
  issueClient,
  issueServer,
} from "../../local/authority.js";
import type { Network } from "../../local/lab/network.js";
import { REPOSITORY } from "../../local/toolchain/cache.js";
import type { Listener, OriginSettings, Sighting } from "./origin.js";

/**
 * The world outside, at addresses that are set aside for documentation. Where the task says
 * Wikipedia's own addresses, the tests say these.
 */
export const OUTSIDE = {
  "httpbin.org": ["192.0.2.10"],
  "secure.example.com": ["192.0.2.10"],
  "en.wikipedia.org": ["198.51.100.10", "203.0.113.10"],
  "echo.example.com": ["192.0.2.20"],
  "partner.example.net": ["192.0.2.30"],
  // Another name of httpbin's server, of which Istio is never told.
  "unknown.example.com": ["192.0.2.10"],
} as const satisfies Record<string, readonly string[]>;

/** Files that clients need, below a folder of the network's that its sidecars may read. */
export const CERTIFICATES = {
  /** Of the authority that has signed the origins' certificates. */
  authority: "/run/certificates/authority.crt",
  /** Of an authority that has signed none of them. */
  otherAuthority: "/run/certificates/other-authority.crt",
  /** That the partner knows. */
  client: "/run/certificates/client.crt",
  clientKey: "/run/certificates/client.key",
};

/** The common name on the client's certificate. */
export const CLIENT_NAME = "sleep at example.com";

/** The servers outside the cluster, and what came to them. */
export class Origins {
  readonly #sightings: Sighting[] = [];

  private constructor(
    readonly network: Network,
    readonly authority: Authority,
  ) {}

  static async start(network: Network): Promise<Origins> {
    const authority = await createAuthority("test authority");
    const origins = new Origins(network, authority);
    await origins.#writeCertificates();
    const serverFor = (host: string) => origins.httpsFor(host);
    const [first, second] = OUTSIDE["en.wikipedia.org"];
    const wikipedia = await serverFor("en.wikipedia.org");
    const partner = await serverFor("partner.example.net");
    const clientAuthority = authority.certificate.toString("pem");
    const settings: OriginSettings[] = [
      {
        name: "httpbin",
        addresses: [...OUTSIDE["httpbin.org"]],
        listeners: [{ port: 80, speaks: "http" }, await serverFor("secure.example.com")],
      },
      { name: "wikipedia-1", addresses: [first], listeners: [wikipedia] },
      { name: "wikipedia-2", addresses: [second], listeners: [wikipedia] },
      {
        name: "echo",
        addresses: [...OUTSIDE["echo.example.com"]],
        listeners: [
          { port: 9000, speaks: "echo" },
          { port: 3306, speaks: "greeting" },
        ],
      },
      {
        name: "partner",
        addresses: [...OUTSIDE["partner.example.net"]],
        listeners: [{ ...partner, clientAuthority }],
      },
    ];
    for (const { name, addresses } of settings) await network.addHost(name, addresses);
    await Promise.all(settings.map((each) => origins.serve(each.name, each)));
    return origins;
  }

  /** What came to the origins while `work` was done, and until `enough` of it has come. */
  async during<T>(
    work: () => Promise<T>,
    enough: (seen: Sighting[]) => boolean = (seen) => seen.length > 0,
  ): Promise<{ result: T; seen: Sighting[] }> {
    const before = this.#sightings.length;
    const result = await work();
    const seen = () => this.#sightings.slice(before);
    await this.network.until("what was sent is seen", () => enough(seen()) || undefined, 5);
    return { result, seen: seen() };
  }

  /** Starts an origin on a host of the network, which has its addresses already. */
  async serve(host: string, settings: OriginSettings): Promise<void> {
    const { name, addresses, listeners } = settings;
    const file = `/run/origins/${name}.json`;
    this.network.write(file, JSON.stringify(settings));
    const register = path.join(REPOSITORY, "register.cjs");
    const program = path.join(__dirname, "origin.ts");
    this.network.start({
      name: `the origin ${name}`,
      host,
      command: [process.execPath, "--require", register, program, file],
      onLine: (line) => this.#sightings.push(JSON.parse(line) as Sighting),
    });
    const ports = listeners.flatMap(({ port }) =>
      addresses.map((address) => `true < /dev/tcp/${address}/${port}`),
    );
    await this.network.until(`the origin ${name} listens`, async () => {
      const { exitCode } = await this.network.run(host, ["bash", "-ec", ports.join("\n")]);
      return exitCode === 0 || undefined;
    });
  }

  /** A listener with a certificate for this host, from the authority that the clients trust. */
  async httpsFor(host: string): Promise<Listener> {
    const names = [{ type: "dns" as const, value: host }];
    const certificate = await issueServer(this.authority, host, names);
    return { port: 443, speaks: "https", certificate };
  }

  async #writeCertificates(): Promise<void> {
    const { authority } = this;
    const other = await createAuthority("another test authority");
    const client = await issueClient(authority, CLIENT_NAME);
    const files = [
      [CERTIFICATES.authority, authority.certificate.toString("pem")],
      [CERTIFICATES.otherAuthority, other.certificate.toString("pem")],
      [CERTIFICATES.client, client.cert],
      [CERTIFICATES.clientKey, client.key],
    ] as const;
    // The sidecars' user reads them; root reads everything.
    for (const [file, content] of files) this.network.write(file, content, 1337);
  }
}
