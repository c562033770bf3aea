import assert from "node:assert/strict";
import { cpSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { KubernetesObject } from "@kubernetes/client-node";
import { parse } from "yaml";
import { REPOSITORY } from "../../local/toolchain/cache.js";
import { eventually } from "../local/eventually.js";
import { objectsIn } from "./kube.js";
import { PrunedApply } from "./prunedApply.js";
import { sharedPlane } from "./sharedPlane.js";
import { TeamClone } from "./teamClone.js";

const EXAMPLE = path.join(REPOSITORY, "examples/gitops");
const TEAMS = ["payments", "shop"];

type Yaml = KubernetesObject & { spec: Record<string, unknown> };

const read = (...names: string[]) =>
  parse(readFileSync(path.join(EXAMPLE, ...names), "utf8")) as Yaml;

/** Somebody else's, beside the stack's. */
const FOREIGN: KubernetesObject[] = [
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "web", namespace: "shop", labels: { app: "web" } },
    spec: { ports: [{ port: 80 }] },
  } as KubernetesObject,
  {
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: { name: "web", namespace: "shop" },
    spec: { host: "web" },
  } as KubernetesObject,
];

describe("the example for GitOps", function () {
  this.timeout(480_000);
  let team: TeamClone;

  before(async () => {
    team = await TeamClone.make([]);
    for (const name of TEAMS) {
      const file = `Pulumi.team-${name}.yaml`;
      cpSync(path.join(EXAMPLE, file), path.join(team.clone, file));
    }
    await team.done("npm run --silent build:pack");
  });
  after(() => team?.remove());

  /** What is rendered for a team. */
  function rendered(name: string): Yaml[] {
    return readdirSync(path.join(team.clone, "rendered", `team-${name}`), {
      recursive: true,
      withFileTypes: true,
    })
      .filter((entry) => entry.isFile())
      .map((entry) => parse(readFileSync(path.join(entry.parentPath, entry.name), "utf8")) as Yaml);
  }

  const render = (...stacks: string[]) =>
    team.run(["examples/gitops/render.sh", "rendered", ...stacks].join(" "));

  it("renders a folder a team, and changes no catalogue", async () => {
    const { exitCode, output } = await render();
    assert.equal(exitCode, 0, output);
    for (const name of TEAMS) {
      assert.ok(rendered(name).length > 0);
      const file = `Pulumi.team-${name}.yaml`;
      const text = readFileSync(path.join(team.clone, file), "utf8");
      assert.equal(text, readFileSync(path.join(EXAMPLE, file), "utf8"));
    }
    const judged = await team.run(
      "npm run --silent judge -- -f rendered --external-host '*.example.com'",
    );
    assert.equal(judged.exitCode, 0, judged.output);
  });

  it("lets Argo CD make what is rendered, and nothing else", () => {
    const { spec } = read("argocd/project.yaml");
    const allowed = [spec.clusterResourceWhitelist, spec.namespaceResourceWhitelist].flat() as {
      group: string;
      kind: string;
    }[];
    const isAllowed = ({ apiVersion = "", kind }: Yaml) =>
      allowed.some(
        (one) =>
          one.kind === kind &&
          one.group === (apiVersion.includes("/") ? apiVersion.split("/")[0] : ""),
      );
    for (const object of TEAMS.flatMap(rendered)) assert.ok(isAllowed(object), object.kind);
    assert.ok(!allowed.some(({ kind }) => kind === "Namespace" || kind === "Secret"));
  });

  it("has an Application and a Kustomization for each team's folder, which prune safely", () => {
    for (const name of TEAMS) {
      const app = read("argocd/apps", `${name}.yaml`).spec as unknown as {
        source: { path: string };
        syncPolicy: { automated: object; syncOptions: string[] };
      };
      assert.equal(app.source.path, `rendered/team-${name}`);
      assert.deepEqual(app.syncPolicy.automated, {
        prune: true,
        selfHeal: true,
        allowEmpty: false,
      });
      assert.ok(app.syncPolicy.syncOptions.includes("FailOnSharedResource=true"));
      const flux = read("flux", `team-${name}.yaml`).spec;
      assert.equal(flux.path, `./rendered/team-${name}`);
      assert.deepEqual([flux.prune, flux.force], [true, false]);
    }
  });

  it("prunes what a catalogue no longer has, and nothing that isn't its own", async () => {
    const { plane } = await sharedPlane();
    const api = objectsIn(plane.kubeconfig);
    const namespaces = TEAMS.map((name) => ({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name },
    }));
    const made: KubernetesObject[] = [...namespaces, ...FOREIGN];
    const appliers = new Map(TEAMS.map((name) => [name, new PrunedApply(api, name)]));
    const apply = (name: string) => appliers.get(name)!.apply(rendered(name));
    try {
      for (const object of made) await api.create(object);
      for (const name of TEAMS) assert.deepEqual(await apply(name), []);

      // The shop gives its alias "stock" to another host, and drops "rates".
      team.edit("Pulumi.team-shop.yaml", (file) =>
        file
          .replace(/ {6}- name: rates[\s\S]*?(?= {6}- name: stock)/, "")
          .replace("203.0.113.20", "203.0.113.21"),
      );
      const { exitCode, output } = await render("team-shop");
      assert.equal(exitCode, 0, output);
      const pruned = await apply("shop");
      assert.ok(pruned.includes("Service shop/rates"), pruned.join());
      assert.ok(
        pruned.every((name) => /rates/.test(name)),
        pruned.join(),
      );
      for (const object of [...made, ...rendered("shop"), ...rendered("payments")]) {
        assert.ok(await api.read(object as Parameters<typeof api.read>[0]));
      }

      // The other team applies it first: it is theirs by then.
      const moved = rendered("shop").find(({ kind }) => kind === "Service")!;
      await appliers.get("payments")!.apply([...rendered("payments"), moved]);
      const rest = rendered("shop").filter((object) => object.kind !== "Service");
      assert.deepEqual(await appliers.get("shop")!.apply(rest), []);
      assert.ok(await api.read(moved as Parameters<typeof api.read>[0]));
      // Whatever was made is taken away again.
      await appliers.get("payments")!.apply([]);
      await appliers.get("shop")!.apply([]);
    } finally {
      for (const object of [...made].reverse()) await api.delete(object).catch(() => {});
      await eventually(async () => {
        const { items } = await api.list("v1", "Namespace");
        return !items.some(({ metadata }) => TEAMS.includes(metadata?.name ?? "")) || undefined;
      });
    }
  });

  it("renders nothing of a catalogue that is refused, and leaves what was there", async () => {
    const before = rendered("payments");
    team.edit("Pulumi.team-payments.yaml", (file) => file.replace("198.51.100.20", "127.0.0.1"));
    const { exitCode, output } = await render("team-payments");
    assert.notEqual(exitCode, 0);
    assert.match(output, /"127\.0\.0\.1" is a loopback address/);
    assert.deepEqual(rendered("payments"), before);
  });
});
