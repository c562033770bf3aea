import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { ApiServer } from "../../../cli/kube/api-server.js";
import { Reflector } from "../../../cli/watch/reflector.js";
import { eventually } from "../../local/eventually.js";

const RULES = { path: "/apis/networking.istio.io/v1beta1", plural: "destinationrules" };

/** Says what an API server may say, and not when it works: the tests on real parts have that. */
class Answering {
  /** The versions that were asked for: "list", or where a watch began. */
  readonly asked: string[] = [];
  objects: Record<string, string> = {};
  version = 1;
  /** What each watch is answered with, in turn; the last one stays open. */
  watches: ((response: ServerResponse) => void)[] = [];

  private constructor(private readonly server: Server) {}

  static async start(): Promise<Answering> {
    const server = createServer();
    const answering = new Answering(server);
    server.on("request", (request, response) => {
      const url = new URL(request.url ?? "", "http://localhost");
      if (url.searchParams.get("watch") !== "true") {
        answering.asked.push("list");
        response.end(JSON.stringify(answering.list()));
        return;
      }
      answering.asked.push(url.searchParams.get("resourceVersion") ?? "");
      response.writeHead(200).flushHeaders();
      answering.watches.shift()?.(response);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return answering;
  }

  list(): object {
    return {
      apiVersion: "networking.istio.io/v1beta1",
      kind: "DestinationRuleList",
      metadata: { resourceVersion: String(this.version) },
      items: Object.entries(this.objects).map(([name, host]) => rule(name, host)),
    };
  }

  async api(): Promise<ApiServer> {
    const server = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    const config = {
      clusters: [{ name: "c", cluster: { server, "insecure-skip-tls-verify": true } }],
      contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
      users: [{ name: "u", user: {} }],
      "current-context": "c",
    };
    return ApiServer.from({ content: JSON.stringify(config) });
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

function rule(name: string, host: string, resourceVersion = "1") {
  return {
    kind: "DestinationRule",
    metadata: { name, namespace: "n", resourceVersion },
    spec: { host },
  };
}

const event = (type: string, object: object) => `${JSON.stringify({ type, object })}\n`;

const BROKEN: [what: string, watch: (response: ServerResponse) => void, asked: string[]][] = [
  [
    "the version is too old, as an event says",
    (response) => response.end(event("ERROR", { kind: "Status", code: 410, message: "too old" })),
    ["list", "1", "list", "7"],
  ],
  [
    "the connection is cut in the middle of an event",
    (response) => {
      response.write(event("ADDED", rule("b", "b.org", "5")));
      response.write('{"type":"ADD', () => response.destroy());
    },
    ["list", "1", "5"],
  ],
  [
    "the watch ends by itself after a bookmark",
    (response) => response.end(event("BOOKMARK", { metadata: { resourceVersion: "6" } })),
    ["list", "1", "6"],
  ],
  [
    "the server fails for a moment",
    (response) => response.end(event("ERROR", { kind: "Status", code: 500, message: "etcd" })),
    ["list", "1", "1"],
  ],
];

describe("a resource that is followed", function () {
  this.timeout(20_000);

  for (const [what, broken, asked] of BROKEN) {
    it(`is known in full where ${what}`, async () => {
      const server = await Answering.start();
      server.objects = { a: "a.org", gone: "gone.org" };
      const known = new Map<string, string>();
      const stop = new AbortController();
      const name = (object: object) => (object as { metadata: { name: string } }).metadata.name;
      const reflector = new Reflector(await server.api(), RULES, {
        set: (object) => known.set(name(object), (object.spec as { host: string }).host),
        delete: (object) => known.delete(name(object)),
        interrupted: () => {},
        expired: () => {},
      });
      try {
        await reflector.list();
        assert.deepEqual(Object.fromEntries(known), { a: "a.org", gone: "gone.org" });
        server.watches = [
          (response) => {
            // Whoever lists from here on sees this.
            server.objects = { a: "a2.org", c: "c.org" };
            server.version = 7;
            broken(response);
          },
          (response) => {
            response.write(event("MODIFIED", rule("a", "a2.org", "8")));
            response.write(event("DELETED", rule("gone", "gone.org", "9")));
            response.write(event("ADDED", rule("c", "c.org", "10")));
          },
        ];
        const following = reflector.follow(stop.signal);
        await eventually(() =>
          Promise.resolve((known.has("c") && !known.has("gone")) || undefined),
        );
        await eventually(() => Promise.resolve(server.asked.length >= asked.length || undefined));
        assert.deepEqual(server.asked, asked);
        assert.equal(known.get("a"), "a2.org");
        stop.abort();
        await following;
      } finally {
        stop.abort();
        server.stop();
      }
    });
  }
});
