import assert from "node:assert/strict";
import { KubeConfig, KubernetesObjectApi, PatchStrategy } from "@kubernetes/client-node";
import type { KubernetesObject } from "@kubernetes/client-node";
import { parse } from "yaml";
import { CATALOGUE_KEY } from "../../catalogue/catalogue.js";
import { ExitCode } from "../../cli/mistake.js";
import type { SidecarCluster } from "../../local/cluster-tls.js";
import { type Ending, istioEgress } from "../cli/command.js";
import { eventually } from "../local/eventually.js";
import { APPLIED, LEFT_OUT, NAMESPACES } from "./import/objects.js";
import { Subscription } from "./paths/subscription.js";
import { sharedPlane, type TestPlane } from "./sharedPlane.js";
import { type TestCatalogue, TestStack } from "./testStack.js";

/** Half of the objects have been applied by the one, half by the other. */
const MANAGERS = ["argocd-controller", "kubectl-client-side-apply"];

/** An object as the API server has it. */
type Live = KubernetesObject & {
  metadata: { uid: string; generation?: number; labels?: object; annotations?: object };
};

/** A team's cluster, and what its clients are sent. */
class Team {
  readonly #api: KubernetesObjectApi;

  constructor(readonly on: TestPlane) {
    const config = new KubeConfig();
    config.loadFromFile(on.plane.kubeconfig);
    this.#api = KubernetesObjectApi.makeApiClient(config);
  }

  /** Applies everything as Argo CD does it, by server-side apply, or as kubectl does, by an update. */
  async apply(): Promise<void> {
    for (const [i, object] of APPLIED.entries()) {
      const manager = MANAGERS[i % 2]!;
      const { ServerSideApply } = PatchStrategy;
      if (i % 2 === 1 && !(await this.find(object))) {
        await this.#api.create(object, undefined, undefined, manager);
      } else {
        await this.#api.patch(object, undefined, undefined, manager, true, ServerSideApply);
      }
    }
  }

  create(object: KubernetesObject): Promise<KubernetesObject> {
    return this.#api.create(object);
  }

  async delete(object: KubernetesObject): Promise<void> {
    await this.#api.delete(object);
  }

  read(object: KubernetesObject): Promise<Live> {
    return this.#api.read(object as Parameters<KubernetesObjectApi["read"]>[0]) as Promise<Live>;
  }

  find(object: KubernetesObject): Promise<Live | undefined> {
    return this.read(object).catch(() => undefined);
  }

  readAll(): Promise<Live[]> {
    return Promise.all(APPLIED.map((object) => this.read(object)));
  }

  /** The clusters of the namespaces' own clients and of others, when istiod has no more to send. */
  async clusters(): Promise<Map<string, SidecarCluster>> {
    const clusters = new Map<string, SidecarCluster>();
    for (const client of [...NAMESPACES, "somewhere-else"]) {
      for (const one of await this.#clustersOf(client)) {
        clusters.set(`${client}: ${one.host}:${one.port} ${one.subset}`, one);
      }
    }
    return clusters;
  }

  async #clustersOf(client: string): Promise<readonly SidecarCluster[]> {
    let latest: readonly SidecarCluster[] | undefined;
    const subscription = new Subscription(this.on.plane.istiod, client, [80], (pushed) => {
      latest = pushed;
    });
    try {
      return (await eventually(() => latest)).filter(({ host }) => host.includes("legacy"));
    } finally {
      subscription.close();
    }
  }
}

/** What only says whose an object is, or how it is applied. */
const OWNERSHIP = [
  "app.kubernetes.io/managed-by",
  "endpointslice.kubernetes.io/managed-by",
  "pulumi.com/patchForce",
  "pulumi.com/skipAwait",
];

/** An object without what says whose it is, and without what changes with every write. */
function apartFromOwnership(live: Live): object {
  const { metadata, spec, ...object } = live as Live & { spec?: { host?: string } };
  const { managedFields, resourceVersion, labels, annotations, generation, ...rest } = metadata;
  assert.ok(managedFields && resourceVersion && generation !== 0);
  const others = (map: object = {}) =>
    Object.fromEntries(Object.entries(map).filter(([key]) => !OWNERSHIP.includes(key)));
  // Endpoints are ready unless they say otherwise, and a catalogue writes a rule's host in full.
  const content = JSON.parse(
    JSON.stringify(object, (key, value: unknown) => (key === "conditions" ? undefined : value)),
  ) as object;
  const full = `${rest.name}.${rest.namespace}.svc.cluster.local`;
  return {
    ...content,
    spec: { ...spec, ...(spec?.host === rest.name && { host: full }) },
    metadata: { ...rest, labels: others(labels), annotations: others(annotations) },
  };
}

describe("taking over what others have applied, on real parts", function () {
  this.timeout(900_000);

  let team: Team;
  let stack: TestStack;
  let imported: Ending;
  let catalogue: TestCatalogue;
  let applied: { objects: Live[]; clusters: Map<string, SidecarCluster> };

  before(async () => {
    assert.equal(APPLIED.length, 40);
    const on = await sharedPlane();
    team = new Team(on);
    for (const name of NAMESPACES) {
      await team.create({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
    }
    await team.apply();
    applied = { objects: await team.readAll(), clusters: await team.clusters() };
    imported = await istioEgress([
      ...["import", "--kube", "--kubeconfig", on.plane.kubeconfig, "--istio-version", "1.31"],
      ...NAMESPACES.flatMap((name) => ["--only", name]),
    ]);
    const { config } = parse(imported.stdout) as { config: Record<string, TestCatalogue> };
    const { [CATALOGUE_KEY]: written, ...rest } = config;
    catalogue = written!;
    stack = await TestStack.open({ on, config: rest });
  });
  after(async () => {
    for (const name of NAMESPACES) {
      await team.delete({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
    }
    await eventually(async () => {
      const left = await Promise.all(
        NAMESPACES.map((name) =>
          team.find({ apiVersion: "v1", kind: "Namespace", metadata: { name } }),
        ),
      );
      return left.every((one) => one === undefined) || undefined;
    });
  });

  it("imports what a catalogue can say, and names the rest with the reason", () => {
    const names = catalogue.aliases.map(
      ({ namespace, name }) => `${namespace as string}/${name as string}`,
    );
    const services = APPLIED.filter(({ kind }) => kind === "Service");
    const expected = services
      .filter(({ metadata }) => !LEFT_OUT.includes(metadata.name))
      .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
    assert.deepEqual(names.sort(), expected.sort());
    for (const name of LEFT_OUT) {
      assert.match(imported.stderr, new RegExp(`^ {2}Service legacy-b/${name}: `, "m"));
    }
    assert.match(
      imported.stderr,
      /DestinationRule legacy-a\/another-name is about legacy-a\/db, too/,
    );
    assert.match(imported.stderr, /argocd-controller \(\d+\)/);
    assert.equal(imported.code, ExitCode.Violation, imported.stderr);
  });

  it("previews and brings up without a conflict, and replaces nothing", async () => {
    const preview = await stack.preview(catalogue);
    assert.equal(preview.exitCode, 0, preview.output);
    const up = await stack.up(catalogue);
    assert.equal(up.exitCode, 0, up.output);
    const after = await team.readAll();
    assert.deepEqual(after.map(apartFromOwnership), applied.objects.map(apartFromOwnership));
  });

  it("leaves every client the clusters that it had", async () => {
    const made = catalogue.aliases.flatMap(({ externalName }) => (externalName as string) ?? []);
    await eventually(async () => {
      const after = await team.clusters();
      for (const [key, was] of applied.clusters) {
        const is = after.get(key);
        // What Istio chose for each endpoint is written down.
        const tls = was.tls === "AUTO" ? "PLAIN" : was.tls;
        assert.deepEqual([is?.tls, is?.sni, is?.discovery], [tls, was.sni, was.discovery], key);
      }
      const added = [...after].filter(([key]) => !applied.clusters.has(key));
      assert.ok(added.length > 0);
      for (const [key, { host, tls }] of added) {
        assert.ok(made.includes(host) && tls === "PLAIN", `${key} ${tls}`);
      }
      return true;
    });
  });

  it("changes nothing more, and what is edited then is changed without a conflict", async () => {
    const again = await stack.up(catalogue);
    assert.deepEqual([again.exitCode, again.changes], [0, []], again.output);
    const aliases = catalogue.aliases.map((alias) =>
      alias["name"] === "a" ? { ...alias, externalName: "other.legacy-a.example.com" } : alias,
    );
    const edited = await stack.up({ ...catalogue, aliases });
    assert.equal(edited.exitCode, 0, edited.output);
    const { spec } = (await team.read(APPLIED[0]!)) as Live & { spec: { externalName: string } };
    assert.equal(spec.externalName, "other.legacy-a.example.com");
    const back = await stack.up(catalogue);
    assert.equal(back.exitCode, 0, back.output);
  });

  it("is undone by forgetting the stack, deleting what it made and applying as before", async () => {
    const [, list = ""] = /^Made by it \(\d+\):\n((?: {2}.*\n)*)/m.exec(imported.stderr) ?? [];
    for (const line of list.trim().split("\n")) {
      const [kind = "", namespace, name = ""] = line.trim().split(/[ /]/);
      const apiVersion =
        kind === "EndpointSlice" ? "discovery.k8s.io/v1" : "networking.istio.io/v1";
      await team.delete({ apiVersion, kind, metadata: { namespace, name } });
    }
    await team.apply();
    await eventually(async () => {
      const [objects, clusters] = [await team.readAll(), await team.clusters()];
      assert.deepEqual(objects.map(apartFromOwnership), applied.objects.map(apartFromOwnership));
      assert.deepEqual(clusters, applied.clusters);
      return true;
    });
  });
});
