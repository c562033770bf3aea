import assert from "node:assert/strict";
import { type TestLab, sharedLab } from "./shared-lab.js";

/** What a port's name makes of an alias: where the sidecar listens for it, and as what it reads it. */
const LISTENERS: {
  portName: string;
  port: number;
  alias: string;
  /** `address`: on the Service's own address. `any`: on all, told apart by the request's host. */
  listensOn: "address" | "any";
  filters: string[];
}[] = [
  { portName: "http", port: 80, alias: "my-partner", listensOn: "any", filters: ["http"] },
  { portName: "grpc", port: 50051, alias: "my-grpc", listensOn: "any", filters: ["http"] },
  { portName: "tls", port: 443, alias: "my-wikipedia", listensOn: "address", filters: ["tcp"] },
  { portName: "tcp", port: 9000, alias: "my-echo", listensOn: "address", filters: ["tcp"] },
  { portName: "mysql", port: 3306, alias: "my-database", listensOn: "address", filters: ["tcp"] },
  {
    portName: "mongo",
    port: 27017,
    alias: "my-mongo",
    listensOn: "address",
    filters: ["mongo", "tcp"],
  },
  { portName: "redis", port: 6379, alias: "my-redis", listensOn: "address", filters: ["tcp"] },
];

/** Envoy's network filters, by what they read. */
const FILTERS: Record<string, string> = {
  "envoy.filters.network.http_connection_manager": "http",
  "envoy.filters.network.tcp_proxy": "tcp",
  "envoy.filters.network.mongo_proxy": "mongo",
};

describe("protocols, with real traffic", function () {
  this.timeout(30_000);
  let lab: TestLab;
  let addresses: Record<string, string>;

  before(async function () {
    lab = await sharedLab(this);
    ({ clusterIPs: addresses } = (await lab.stack.outputs()) as {
      clusterIPs: Record<string, string>;
    });
  });

  for (const { portName, port, alias, listensOn, filters } of LISTENERS) {
    const where = listensOn === "any" ? "every address" : "the alias's address";
    it(`listens on ${where} for a port named ${portName}, as ${filters.join(" and ")}`, async () => {
      const address = listensOn === "any" ? "0.0.0.0" : addresses[`${alias}.default`];
      const listeners = await lab.sidecar.listeners();
      const found = listeners.find((each) => each.address === address && each.port === port);
      assert.deepEqual(
        found?.filters.map((name) => FILTERS[name] ?? name),
        filters,
      );
    });
  }

  it("speaks HTTP/2 to what listens on a port named grpc, and HTTP/1.1 on one named http", async () => {
    const isHttp2 = async (name: string) => {
      const cluster = await lab.sidecar.cluster(name);
      return JSON.stringify(cluster).includes('"http2_protocol_options"');
    };
    assert.ok(await isHttp2("outbound|50051||my-grpc.default.svc.cluster.local"));
    assert.ok(!(await isHttp2("outbound|80||my-partner.default.svc.cluster.local")));
  });

  for (const who of ["inMesh", "outsideMesh"] as const) {
    it(`carries TCP as it is for the client ${who}, also where the server speaks first`, async () => {
      const talk = (alias: string, port: number) => {
        const open = `exec 3<>/dev/tcp/${alias}.default.svc.cluster.local/${port}`;
        // Reads exactly what is to come, so that nobody waits for an end that no side makes.
        const line = `${open}; echo "hello from a client" >&3; head -c "$1" <&3`;
        return (bytes: number) =>
          lab.clients[who].exec(`timeout 5 bash --norc -c '${line}' bash ${bytes}`);
      };
      const echo = await lab.origins.during(() => talk("my-echo", 9000)(20));
      assert.equal(echo.result.stdout, "hello from a client\n", echo.result.stderr);
      assert.deepEqual(
        echo.seen.map(({ origin, port, text }) => ({ origin, port, text })),
        [{ origin: "echo", port: 9000, text: "hello from a client\n" }],
      );
      const greeting = "greetings from the server\n";
      const database = await lab.origins.during(() => talk("my-database", 3306)(greeting.length));
      assert.equal(database.result.stdout, greeting, database.result.stderr);
    });
  }
});
