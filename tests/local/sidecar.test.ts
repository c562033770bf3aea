import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type GrpcObject,
  type ServerDuplexStream,
  type ServiceClientConstructor,
  Server,
  ServerCredentials,
  loadPackageDefinition,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { LOOPBACK } from "../../local/ports.js";
import { sidecarClusters } from "../../local/sidecar.js";
import { REPOSITORY } from "../../local/toolchain/cache.js";

interface Behaviour {
  /** Milliseconds until `/debug` answers. */
  debugAfter: number;
  /** Milliseconds after the clusters until istiod ends the stream. @default never */
  endsAfter?: number;
}

/** An istiod that sends clusters at once, and endpoints never. */
async function withIstiod<T>(
  { debugAfter, endsAfter }: Behaviour,
  work: (ports: { grpcPort: number; httpPort: number }) => Promise<T>,
): Promise<T> {
  const loaded = loadPackageDefinition(loadSync(path.join(REPOSITORY, "local/ads.proto")));
  const v3 = ["envoy", "service", "discovery", "v3"].reduce(
    (found, name) => found[name] as GrpcObject,
    loaded,
  );
  const { service } = v3["AggregatedDiscoveryService"] as ServiceClientConstructor;
  const xds = new Server();
  xds.addService(service, {
    StreamAggregatedResources: (stream: ServerDuplexStream<{ typeUrl: string }, object>) => {
      stream.on("error", () => undefined);
      stream.on("data", ({ typeUrl }: { typeUrl: string }) => {
        if (!typeUrl.endsWith(".Cluster")) return;
        stream.write({ typeUrl, versionInfo: "1", nonce: "1" });
        if (endsAfter !== undefined) setTimeout(() => stream.end(), endsAfter).unref();
      });
    },
  });
  const grpcPort = await new Promise<number>((resolve, reject) => {
    xds.bindAsync(`${LOOPBACK}:0`, ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    );
  });
  const debug = createServer(({ url = "" }, response) => {
    const body = url.startsWith("/debug/connections")
      ? { clients: [{ connectionId: "sleep.default-1" }] }
      : { configs: [{ name: "outbound|80||a.default.svc.cluster.local", type: "EDS" }] };
    void sleep(debugAfter).then(() => response.end(JSON.stringify(body)));
  });
  await new Promise<void>((resolve) => debug.listen(0, LOOPBACK, resolve));
  try {
    return await work({ grpcPort, httpPort: (debug.address() as AddressInfo).port });
  } finally {
    debug.closeAllConnections();
    debug.close();
    xds.forceShutdown();
  }
}

describe("what istiod sends a sidecar", () => {
  const sidecar = { ip: "10.0.0.1", pod: "sleep", namespace: "default" };
  const cases: [what: string, behaviour: Behaviour, message: RegExp][] = [
    ["no endpoints come in time", { debugAfter: 0 }, /DEADLINE_EXCEEDED/],
    ["the time is over while istiod dumps", { debugAfter: 2_000 }, /DEADLINE_EXCEEDED/],
    ["the stream ends", { debugAfter: 200, endsAfter: 50 }, /istiod has ended the stream/],
  ];
  for (const [what, behaviour, message] of cases) {
    it(`isn't waited for longer than allowed: ${what}`, async () => {
      await withIstiod(behaviour, async (ports) => {
        await assert.rejects(sidecarClusters(ports, sidecar, 500), message);
      });
    });
  }
});
