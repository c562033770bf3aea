import assert from "node:assert/strict";
import { eventually } from "../local/eventually.js";
import { objectsIn, watchSlices } from "./kube.js";
import { type TestPlane, sharedPlane } from "./sharedPlane.js";
import { SidecarView } from "./sidecarView.js";
import { differences, settledSnapshot } from "./snapshot.js";
import { type Run, TestStack, catalogueOf } from "./testStack.js";

describe("what follows from a catalogue, on real parts", function () {
  this.timeout(300_000);

  let on: TestPlane;
  let kubeconfig: string;

  before(async () => {
    on = await sharedPlane();
    kubeconfig = on.plane.kubeconfig;
  });

  const succeeded = async (running: Promise<Run>) => {
    const run = await running;
    assert.equal(run.exitCode, 0, run.output);
    return run;
  };

  describe("changed after it came up", () => {
    const addresses = ["198.35.26.96", "91.198.174.192"];
    let stack: TestStack;

    before(async () => {
      stack = await TestStack.open({ on });
      await succeeded(stack.up(catalogueOf("dev")));
    });

    after(() => stack?.close());

    it("goes from Endpoints to EndpointSlice without a moment when an address is missing", async () => {
      const service = () =>
        objectsIn(kubeconfig).read({
          apiVersion: "v1",
          kind: "Service",
          metadata: { name: "my-wikipedia", namespace: "default" },
        });
      const before = await service();
      const watched = await watchSlices(kubeconfig, "default", "my-wikipedia");
      await eventually(() => watched.states.at(-1)?.length === addresses.length || undefined);
      const begin = watched.states.length - 1;

      const catalogue = catalogueOf("dev");
      catalogue.aliases[1]!.endpointsApi = "EndpointSlice";
      const { changes } = await succeeded(stack.up(catalogue));
      assert.deepEqual(changes, [
        "create EndpointSlice my-wikipedia.default-ipv4",
        "delete Endpoints my-wikipedia.default-endpoints",
        "update EgressAlias my-wikipedia.default",
      ]);

      // The mirrored slice goes when its Endpoints are gone; only then is the switch over.
      await eventually(() => watched.slices() === 1 || undefined);
      watched.stop();
      const states = watched.states.slice(begin);
      assert.ok(states.length >= 3, "the new slice comes, and the old one goes");
      for (const state of states) assert.deepEqual(state, addresses);
      assert.equal((await service()).metadata?.uid, before.metadata?.uid);
    });

    const REMOVALS: [alias: string, ...objects: RegExp[]][] = [
      [
        "my-wikipedia",
        /^discovery\.k8s\.io\/v1\/EndpointSlice default\/my-wikipedia-ipv4$/,
        /^networking\.istio\.io\/v1\/DestinationRule default\/my-wikipedia$/,
        /^networking\.k8s\.io\/v1\/IPAddress \/10\.96\./,
        /^v1\/Service default\/my-wikipedia$/,
      ],
      [
        "my-httpbin",
        /^networking\.istio\.io\/v1\/DestinationRule default\/httpbin\.org$/,
        /^networking\.istio\.io\/v1\/DestinationRule default\/my-httpbin$/,
        /^networking\.istio\.io\/v1\/ServiceEntry default\/httpbin\.org$/,
        /^v1\/Service default\/my-httpbin$/,
      ],
    ];
    REMOVALS.forEach(([alias, ...objects], index) => {
      it(`without ${alias} its objects go, and nothing else changes`, async () => {
        const before = await settledSnapshot(kubeconfig);
        const catalogue = catalogueOf("dev");
        const gone = REMOVALS.slice(0, index + 1).map(([name]) => name);
        catalogue.aliases = catalogue.aliases.filter(({ name }) => !gone.includes(name as string));
        await succeeded(stack.up(catalogue));

        const after = await settledSnapshot(kubeconfig);
        const { removed, added, changed } = differences(before, after);
        assert.equal(removed.length, objects.length, removed.join("\n"));
        objects.forEach((object, index) => assert.match(removed[index]!, object));
        assert.deepEqual({ added, changed }, { added: [], changed: [] });
      });
    });
  });

  /** What a client's sidecar does in an environment: host, port, TLS, SNI, and where it goes. */
  type Row = [host: string, port: number, tls: string, sni: string | undefined, to: string[]];
  const wikipedia = "my-wikipedia.default.svc.cluster.local";
  const ENVIRONMENTS: Record<string, { client: string; rows: Row[] }> = {
    staging: {
      client: "default",
      rows: [
        ["httpbin.org", 80, "SIMPLE", "httpbin.org", ["httpbin.org:443"]],
        [wikipedia, 80, "SIMPLE", "en.wikipedia.org", ["198.35.26.96:443", "91.198.174.192:443"]],
        [wikipedia, 443, "PLAIN", undefined, ["198.35.26.96:443", "91.198.174.192:443"]],
      ],
    },
    prod: {
      client: "payments",
      rows: [
        ["rates.example.com", 80, "SIMPLE", "rates.example.com", ["rates.example.com:443"]],
        [
          "settlement.payments.svc.cluster.local",
          443,
          "MUTUAL",
          "settlement.example.net",
          ["2001:db8::10:443", "203.0.113.10:443"],
        ],
        ["ledger.payments.svc.cluster.local", 5432, "PLAIN", undefined, ["198.51.100.20:5432"]],
      ],
    },
  };

  for (const [name, { client, rows }] of Object.entries(ENVIRONMENTS)) {
    it(`of ${name} comes up by its data alone, and means what it says to the sidecar`, async () => {
      const stack = await TestStack.open({ on, name });
      try {
        await succeeded(stack.up(catalogueOf(name)));
        const sidecar = await SidecarView.ofPodIn(on.plane, client);
        for (const [host, port, tls, sni, to] of rows) {
          await eventually(async () => {
            const cluster = await sidecar.cluster(host, port);
            const endpoints = cluster?.endpoints.map(({ address }) => address);
            assert.deepEqual([cluster?.tls, cluster?.sni, endpoints], [tls, sni, to], host);
            return true;
          });
        }
      } finally {
        await stack.close();
      }
    });
  }
});
