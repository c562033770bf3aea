import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import path from "node:path";
import { ApiServer, type Resource } from "../../cli/kube/api-server.js";
import { Reflector } from "../../cli/watch/reflector.js";
import type { KubeObject } from "../../mesh/index.js";
import { eventually } from "../local/eventually.js";
import { OFF, rule } from "../mesh/objects.js";
import { Admission } from "./admission.js";
import { type TestPlane, sharedPlane } from "./sharedPlane.js";

const RULES: Resource = {
  path: "/apis/networking.istio.io/v1beta1",
  plural: "destinationrules",
};
const NAMESPACE = { apiVersion: "v1", kind: "Namespace", metadata: { name: "watched" } };

/** Hands on what comes to the API server, until its connections are cut. */
class Line {
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  static async to(port: number): Promise<Line> {
    const server = createServer((near) => {
      const far = connect(port, "127.0.0.1");
      for (const socket of [near, far]) line.sockets.add(socket.on("error", () => {}));
      near.pipe(far).pipe(near);
      near.once("close", () => far.destroy());
      far.once("close", () => near.destroy());
    });
    const line = new Line(server);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return line;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  cut(): void {
    for (const socket of this.sockets) socket.destroy();
    this.sockets.clear();
  }

  close(): void {
    this.cut();
    this.server.close();
  }
}

describe("a watch on a real API server", function () {
  this.timeout(60_000);
  let on: TestPlane;
  let admission: Admission;
  const made = (name: string) => rule("watched", name, { host: "a.example", ...OFF });

  before(async () => {
    on = await sharedPlane();
    admission = new Admission(on.plane.kubeconfig);
    await admission.create(NAMESPACE);
  });
  after(async () => {
    for (const name of ["first", "second", "meanwhile"]) await admission?.delete(made(name));
    await admission?.delete(NAMESPACE);
    admission?.close();
  });

  /** Follows the rules of the namespace, and counts what happens to the watch. */
  async function follow(server: ApiServer) {
    const known = new Set<string>();
    const counts = { interrupted: 0, expired: 0 };
    const stop = new AbortController();
    const named = ({ metadata }: KubeObject) => metadata as { name: string; namespace: string };
    const reflector = new Reflector(server, RULES, {
      set: (object) => named(object).namespace === "watched" && known.add(named(object).name),
      delete: (object) => known.delete(named(object).name),
      interrupted: () => counts.interrupted++,
      expired: () => counts.expired++,
    });
    await reflector.list();
    const done = reflector.follow(stop.signal);
    const end = async () => {
      stop.abort();
      await done;
    };
    const has = (...names: string[]) =>
      eventually(() => Promise.resolve([...known].sort().join() === names.join() || undefined));
    return { counts, has, end };
  }

  it("goes on where it was after its connection was cut, and loses nothing", async () => {
    const line = await Line.to(Number(new URL(on.plane.apiServer).port));
    const file = path.join(on.folder, "through-a-line.kubeconfig");
    const port = String(line.port);
    const kubeconfig = readFileSync(on.plane.kubeconfig, "utf8");
    writeFileSync(file, kubeconfig.replace(on.plane.apiServer, `https://127.0.0.1:${port}`), {
      mode: 0o600,
    });
    const watch = await follow(await ApiServer.from({ kubeconfig: file }));
    try {
      await admission.create(made("first"));
      await watch.has("first");
      line.cut();
      await admission.create(made("meanwhile"));
      await admission.delete(made("first"));
      await watch.has("meanwhile");
      assert.deepEqual(watch.counts, { interrupted: 1, expired: 0 });
    } finally {
      await watch.end();
      line.close();
      await admission.delete(made("meanwhile"));
    }
  });

  it("lists again where the API server says that its version has expired, and loses nothing", async () => {
    const server = await ApiServer.from({ kubeconfig: on.plane.kubeconfig });
    // As one that has slept for long: what it was told is older than what etcd and the API server keep.
    let isFirst = true;
    const late = Object.create(server) as ApiServer;
    late.list = async function* (resource) {
      const listing = server.list(resource);
      for (;;) {
        const { done, value } = await listing.next();
        if (!done) yield value;
        else if (isFirst) {
          isFirst = false;
          await admission.create(made("second"));
          return "1";
        } else return value;
      }
    };
    const watch = await follow(late);
    try {
      await watch.has("second");
      assert.deepEqual(watch.counts, { interrupted: 0, expired: 1 });
      await admission.delete(made("second"));
      await watch.has();
    } finally {
      await watch.end();
    }
  });
});
