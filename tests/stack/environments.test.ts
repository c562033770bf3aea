import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { CoreV1Api, KubeConfig, type KubernetesObject } from "@kubernetes/client-node";
import { parse, parseAllDocuments, stringify } from "yaml";
import { ExitCode } from "../../cli/mistake.js";
import { stopPlane } from "../../local/plane.js";
import { REPOSITORY } from "../../local/toolchain/cache.js";
import { eventually } from "../local/eventually.js";
import { withConnectedSidecar } from "./connectedSidecar.js";
import { istiodPod } from "./istiodPod.js";
import { objectsIn } from "./kube.js";
import { type TestPlane, ownPlane, sharedPlane } from "./sharedPlane.js";
import { type Snapshot, settledSnapshot, snapshotOf } from "./snapshot.js";
import { TeamClone, type Variables } from "./teamClone.js";
import { onTermination } from "./termination.js";

interface Access {
  cluster: object;
  user: { "client-key-data"?: string; token?: string };
}

/** How an administrator gets in. */
function administrator({ plane }: TestPlane): Access {
  const { clusters, users } = parse(readFileSync(plane.kubeconfig, "utf8")) as {
    clusters: [Pick<Access, "cluster">];
    users: [Pick<Access, "user">];
  };
  return { cluster: clusters[0].cluster, user: users[0].user };
}

/** One kubeconfig with a context for each, as people have it. They are in the first. */
function merged(contexts: Record<string, Access>): string {
  const entries = Object.entries(contexts);
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": entries[0]![0],
    clusters: entries.map(([name, { cluster }]) => ({ name, cluster })),
    users: entries.map(([name, { user }]) => ({ name, user })),
    contexts: entries.map(([name]) => ({ name, context: { cluster: name, user: name } })),
  });
}

/**
 * Makes the account that docs/operator/stack.yaml gives the operator's workspaces.
 *
 * @returns how it gets in
 */
async function operatorAccount(cluster: TestPlane): Promise<Access> {
  const text = readFileSync(path.join(REPOSITORY, "docs/operator/stack.yaml"), "utf8");
  const objects = parseAllDocuments(text).map((document) => document.toJS() as KubernetesObject);
  for (const object of objects) {
    // The operator's own kind isn't known here.
    if (object.kind !== "Stack") await objectsIn(cluster.plane.kubeconfig).create(object);
  }
  const config = new KubeConfig();
  config.loadFromFile(cluster.plane.kubeconfig);
  const { status } = await config.makeApiClient(CoreV1Api).createNamespacedServiceAccountToken({
    name: "istio-egress",
    namespace: "istio-egress",
    body: { spec: { audiences: [], expirationSeconds: 3600 } },
  });
  return { cluster: administrator(cluster).cluster, user: { token: status!.token } };
}

/** All that a folder's files say. */
function textIn(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => readFileSync(path.join(parentPath, name), "utf8"))
    .join("\n");
}

/**
 * Environments as docs/environments.md says: plain Pulumi in somebody's clone, a cluster that stands for
 * theirs, and beside it another one, in which they happen to be and where nothing may change.
 */
describe("an environment, with plain Pulumi on real parts", function () {
  this.timeout(600_000);

  let elsewhere: TestPlane;
  let cluster: TestPlane;
  let team: TeamClone;
  let isDown: () => void;
  let theirs: Variables;
  let untouched: Snapshot;
  let empty: Snapshot;

  /** The mesh that `npm run up` has started in the clone. */
  const takeDown = async () => {
    if (team) await stopPlane(path.join(team.clone, ".state/plane"));
  };

  before(async () => {
    [elsewhere, cluster] = await Promise.all([sharedPlane(), ownPlane()]);
    const operator = await operatorAccount(cluster);
    untouched = await settledSnapshot(elsewhere.plane.kubeconfig);
    empty = await settledSnapshot(cluster.plane.kubeconfig);
    team = await TeamClone.make(["staging", "prod"]);
    isDown = onTermination(takeDown);
    const [backend, kubeconfig] = ["backend", "kubeconfig"].map((name) =>
      path.join(team.folder, name),
    ) as [string, string];
    mkdirSync(backend);
    const contexts = {
      elsewhere: administrator(elsewhere),
      theirs: administrator(cluster),
      operator,
    };
    writeFileSync(kubeconfig, merged(contexts), { mode: 0o600 });
    theirs = {
      PULUMI_BACKEND_URL: `file://${backend}`,
      PULUMI_CONFIG_PASSPHRASE: "of the team",
      PULUMI_OPTION_POLICY_PACK: "policies",
      KUBECONFIG: kubeconfig,
    };
    await team.done("npm run --silent build:pack");
  });

  after(async () => {
    await takeDown();
    isDown?.();
    await cluster?.stop();
    team?.remove();
  });

  const done = (command: string) => team.done(command, theirs);
  const run = (command: string) => team.run(command, theirs);
  const names = async (apiVersion: string, kind: string) => {
    const { items } = await objectsIn(cluster.plane.kubeconfig).list(apiVersion, kind);
    return items.map(({ metadata }) => `${metadata?.namespace ?? ""}/${metadata?.name}`).sort();
  };
  const assertOnlyTheirs = async () =>
    assert.deepEqual(await settledSnapshot(elsewhere.plane.kubeconfig), untouched);

  // With the rights of docs/operator/stack.yaml and no others.
  describe("staging, whose cluster is named by file and context", () => {
    before(async () => {
      await done("pulumi stack init staging");
      await done('pulumi config set -s staging istio-egress:kubeconfig "$KUBECONFIG"');
      await done("pulumi config set -s staging istio-egress:context operator");
    });

    it("comes up there, and nothing is touched where one happens to be", async () => {
      await done("pulumi up -s staging --yes");
      const services = await names("v1", "Service");
      assert.ok(services.includes("default/my-wikipedia"), services.join());
      await assertOnlyTheirs();
    });

    it("is there as declared, as its own cluster and istiod say", async () => {
      const remove = await istiodPod(cluster);
      try {
        const output = await withConnectedSidecar(cluster, "default", () =>
          done("npm run --silent verify -- --stack staging --context theirs"),
        );
        assert.ok(output.includes(`Compared with ${cluster.plane.apiServer}.`), output);
        assert.match(output, /^ok +default\/sleep → default\/my-httpbin:80 +SIMPLE /m);
        assert.match(output, /^All \d+ are as Pulumi\.staging\.yaml declares\.$/m);
      } finally {
        await remove();
      }
    });

    it("changes nothing when it comes up again", () =>
      done("pulumi up -s staging --yes --expect-no-changes"));

    it("isn't protected, and leaves the cluster as it was", async () => {
      await done("pulumi destroy -s staging --yes");
      await eventually(async () => {
        assert.deepEqual(await snapshotOf(cluster.plane.kubeconfig), empty);
        return true;
      });
      await assertOnlyTheirs();
    });
  });

  describe("prod, whose cluster is a secret of the stack", () => {
    const VERIFY_PROD = "npm run --silent verify -- --stack prod";
    let standing: Snapshot;
    let state: string;

    before(async () => {
      await done("pulumi stack init prod");
      const file = path.join(team.folder, "prod.kubeconfig");
      writeFileSync(file, merged({ prod: administrator(cluster) }), { mode: 0o600 });
      await done(`pulumi config set -s prod --secret istio-egress:kubeconfig < ${file}`);
      await done("pulumi up -s prod --yes");
      standing = await settledSnapshot(cluster.plane.kubeconfig);
      state = await done("pulumi stack export -s prod");
    });

    const assertNothingChanged = async () => {
      assert.deepEqual(await settledSnapshot(cluster.plane.kubeconfig), standing);
      assert.equal(await done("pulumi stack export -s prod"), state);
    };

    it("came up there and nowhere else", async () => {
      const services = await names("v1", "Service");
      assert.ok(services.includes("payments/settlement"), services.join());
      await assertOnlyTheirs();
    });

    it("has its secret in neither the repository nor the state, for whom the passphrase isn't", async () => {
      const key = administrator(cluster).user["client-key-data"]!;
      const kept = readFileSync(path.join(team.clone, "Pulumi.prod.yaml"), "utf8");
      assert.match(kept, /istio-egress:kubeconfig:\n\s+secure: v1:/);
      for (const text of [kept, textIn(path.join(team.folder, "backend"))]) {
        assert.ok(text.length > 0 && !text.includes(key));
      }
      const stranger = { ...theirs, PULUMI_CONFIG_PASSPHRASE: "of somebody else" };
      const { exitCode, output } = await team.run("pulumi up -s prod --yes", stranger);
      assert.notEqual(exitCode, 0);
      assert.match(output, /incorrect passphrase/);
      await assertNothingChanged();
    });

    it("is verified there, because Pulumi opens its secret, and nowhere for whom it doesn't", async () => {
      const stranger = { ...theirs, PULUMI_CONFIG_PASSPHRASE: "of somebody else" };
      const { exitCode, output } = await team.run(VERIFY_PROD, stranger);
      assert.equal(exitCode, ExitCode.BadInput, output);
      assert.match(
        output,
        /^istio-egress: Pulumi\.prod\.yaml: istio-egress:kubeconfig is for Pulumi to open/m,
      );
      assert.match(output, /incorrect passphrase[^]*say which cluster with --kubeconfig\.$/);
      const remove = await istiodPod(cluster);
      try {
        const told = await withConnectedSidecar(cluster, "payments", () => done(VERIFY_PROD));
        assert.match(told, /^All \d+ are as Pulumi\.prod\.yaml declares\.$/m);
      } finally {
        await remove();
      }
    });

    it("isn't destroyed: the engine says why and how to, and removes nothing", async () => {
      const { exitCode, output } = await run("pulumi destroy -s prod --yes");
      assert.notEqual(exitCode, 0, output);
      assert.match(output, /resource "?urn:pulumi:prod::.* cannot be deleted/s);
      assert.match(output, /because it is protected/);
      assert.match(output, /pulumi state unprotect/);
      await assertNothingChanged();
    });

    it("isn't made poorer by a change of the catalogue either", async () => {
      const whole = readFileSync(path.join(team.clone, "Pulumi.prod.yaml"), "utf8");
      team.edit("Pulumi.prod.yaml", withoutLedger);
      const { exitCode, output } = await run("pulumi up -s prod --yes");
      team.edit("Pulumi.prod.yaml", () => whole);
      assert.notEqual(exitCode, 0, output);
      assert.match(output, /ledger\.payments.*cannot be deleted\s+because it is protected/s);
      await assertNothingChanged();
    });

    it("has a mesh of its own on one's machine, which isn't protected, and touches no other", async () => {
      // `npm run up` is for trying a stack's data out.
      const up = await run("npm run --silent up -- --stack prod");
      assert.equal(up.exitCode, 0, up.output);
      assert.match(up.output, /^All \d+ are as Pulumi\.prod\.yaml declares\.$/m);
      const down = await run("npm run --silent down");
      assert.equal(down.exitCode, 0, down.output);
      assert.match(down.output, /^Down: no process, port or file is left\.$/m);
      await assertNothingChanged();
      await assertOnlyTheirs();
    });

    it("lets one alias go that was unprotected by name, and nothing else", async () => {
      const { deployment } = JSON.parse(state) as { deployment: { resources: { urn: string }[] } };
      const urns = deployment.resources.map(({ urn }) => urn);
      for (const urn of urns.filter((urn) => /::ledger\.payments/.test(urn))) {
        await done(`pulumi state unprotect --yes -s prod '${urn}'`);
      }
      team.edit("Pulumi.prod.yaml", withoutLedger);
      await done("pulumi up -s prod --yes");
      const services = await names("v1", "Service");
      assert.ok(!services.includes("payments/ledger"), services.join());
      assert.ok(services.includes("payments/settlement"), services.join());
    });

    it("goes when all of it is unprotected, but its namespaces stay", async () => {
      await done("pulumi state unprotect --all --yes -s prod");
      await done("pulumi destroy -s prod --yes");
      const services = await names("v1", "Service");
      assert.deepEqual(
        services.filter((name) => /^payments/.test(name)),
        [],
      );
      const namespaces = await names("v1", "Namespace");
      assert.ok(namespaces.includes("/payments") && namespaces.includes("/without-istio"));
    });

    it("goes whole when a reviewed change has lifted the protection", async () => {
      for (const name of ["payments", "without-istio"]) await deleteNamespace(cluster, name);
      await done("pulumi up -s prod --yes");
      await done("pulumi config set -s prod istio-egress:protect false");
      await done("pulumi up -s prod --yes");
      await done("pulumi destroy -s prod --yes");
      await eventually(async () => {
        assert.deepEqual(await snapshotOf(cluster.plane.kubeconfig), empty);
        return true;
      });
      await assertOnlyTheirs();
    });
  });
});

/** The catalogue of prod without its last alias. */
function withoutLedger(text: string): string {
  const file = parse(text) as { config: Record<string, { aliases: { name: string }[] }> };
  const catalogue = file.config["istio-egress:catalogue"]!;
  catalogue.aliases = catalogue.aliases.filter(({ name }) => name !== "ledger");
  return stringify(file);
}

async function deleteNamespace({ plane }: TestPlane, name: string): Promise<void> {
  const objects = objectsIn(plane.kubeconfig);
  const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name } };
  await objects.delete(namespace);
  await eventually(() =>
    objects.read(namespace).then(
      () => undefined,
      () => true,
    ),
  );
}
