import assert from "node:assert/strict";
import { cpSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import {
  type KubernetesObject,
  type KubernetesObjectApi,
  PatchStrategy,
} from "@kubernetes/client-node";
import { execa } from "execa";
import { REPOSITORY } from "../../local/toolchain/cache.js";
import { ensureToolchain } from "../../local/toolchain/index.js";
import { VIOLATING } from "./changes.js";
import { NameServer, records } from "../cli/drift/name-server.js";
import { withConnectedSidecar } from "./connectedSidecar.js";
import { istiodPod } from "./istiodPod.js";
import { objectsIn } from "./kube.js";
import { sharedPlane } from "./sharedPlane.js";
import { settledSnapshot, snapshotOf } from "./snapshot.js";
import { TeamClone, type Ending, type Variables } from "./teamClone.js";
import { type Expressions, JobRun } from "./workflow.js";

/** One more address of an alias that the catalogue has. */
const ADDRESS = (file: string) =>
  file.replace("          - 198.35.26.96\n", "          - 198.35.26.96\n          - 192.0.2.9\n");

describe("actionlint", function () {
  this.timeout(60_000);

  it("finds nothing wrong with the workflows", async () => {
    const { binaries } = await ensureToolchain(["actionlint"]);
    const { exitCode, all } = await execa(binaries.actionlint, ["-no-color"], {
      cwd: REPOSITORY,
      reject: false,
      all: true,
    });
    assert.equal(exitCode, 0, all);
  });
});

/** The steps of a night's audit. */
const DRIFT = "Nobody changed what the stack owns";
const POLICIES = "The policies hold for the whole cluster";
const REALITY = "Istio does what the catalogue declares";
const OUTSIDE = "The servers outside are where and who the catalogue says";

const HTTPBIN = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "my-httpbin", namespace: "default" },
};

const RULE = {
  apiVersion: "networking.istio.io/v1",
  kind: "DestinationRule",
  metadata: { name: "my-wikipedia", namespace: "default" },
};

/** Somebody else's rule, which adds to the stack's own. */
const SUBSET = {
  ...RULE,
  metadata: { name: "canary", namespace: "default" },
  spec: {
    host: "my-wikipedia.default.svc.cluster.local",
    subsets: [{ name: "v1", trafficPolicy: { tls: { mode: "ISTIO_MUTUAL" } } }],
  },
};

/** What somebody does to the live cluster, and what each step of the audit says of it. */
interface Meddling {
  title: string;
  meddle: (objects: KubernetesObjectApi) => Promise<unknown>;
  /** What must go before a deployment puts it right: Kubernetes leaves a field to who wrote it last. */
  clean?: KubernetesObject;
  /** By the step's name; undefined for nothing. */
  says: Record<string, RegExp | undefined>;
}

function patch(objects: KubernetesObjectApi, object: KubernetesObject & { spec: object }) {
  const kind = PatchStrategy.MergePatch;
  return objects.patch(object, undefined, undefined, undefined, undefined, kind);
}

const MEDDLING: Meddling[] = [
  {
    title: "a rule of the stack's that somebody has made Istio's mutual TLS",
    meddle: (objects) =>
      patch(objects, { ...RULE, spec: { trafficPolicy: { tls: { mode: "ISTIO_MUTUAL" } } } }),
    clean: RULE,
    says: {
      [DRIFT]: /mode: "ISTIO_MUTUAL" => "DISABLE"/,
      [POLICIES]: /^violation +default\/my-wikipedia/m,
      [REALITY]: /^FAIL +default\/sleep → .* ISTIO_MUTUAL by/m,
    },
  },
  {
    title: "a rule of the stack's that somebody has deleted",
    meddle: (objects) => objects.delete(RULE),
    says: {
      [DRIFT]: /DestinationRule.*create/,
      [REALITY]: /^FAIL +DestinationRule .* missing$/m,
    },
  },
  {
    title: "an alias that somebody has pointed elsewhere",
    meddle: (objects) =>
      patch(objects, { ...HTTPBIN, spec: { externalName: "httpbin.example.com" } }),
    clean: HTTPBIN,
    says: {
      [DRIFT]: /"httpbin\.example\.com" => "httpbin\.org"/,
      [REALITY]: /^FAIL +Service default\/my-httpbin .*\n.*httpbin\.example\.com/m,
    },
  },
  {
    title: "somebody else's rule that sends mutual TLS to the stack's alias",
    meddle: (objects) => objects.create(SUBSET),
    clean: SUBSET,
    says: {
      [DRIFT]: undefined,
      [POLICIES]: /^violation .*default\/canary/m,
    },
  },
];

/**
 * The scripts of the workflows, exactly as they are in the files, on a team's repository with a backend
 * that the team shares, a real engine, and a plane that stands for its cluster. Not run here are
 * `npm ci`, which every run of these tests has behind it, and the deployment's own `verify`, which is
 * the audit's.
 */
describe("the workflows, on the real engine", function () {
  this.timeout(480_000);
  let team: TeamClone;
  let kubeconfig: string;
  let shared: Variables;
  let secrets: Expressions;

  before(async () => {
    const on = await sharedPlane();
    kubeconfig = on.plane.kubeconfig;
    team = await TeamClone.make(["staging"]);
    const backend = path.join(team.folder, "backend");
    mkdirSync(backend);
    shared = { PULUMI_BACKEND_URL: `file://${backend}`, PULUMI_CONFIG_PASSPHRASE: "of the team" };
    secrets = {
      "inputs.stack": "staging",
      "matrix.stack": "staging",
      "secrets.PULUMI_BACKEND_URL": shared.PULUMI_BACKEND_URL!,
      "secrets.PULUMI_CONFIG_PASSPHRASE": shared.PULUMI_CONFIG_PASSPHRASE!,
      "secrets.KUBECONFIG": readFileSync(kubeconfig, "utf8"),
    };
    await team.done("pulumi stack init staging", shared);
    await team.commit("Keep the stack's salt");
  });

  after(async () => {
    await team?.run("pulumi destroy -s staging --yes --skip-preview", {
      ...shared,
      KUBECONFIG: kubeconfig,
    });
    team?.remove();
  });

  describe("that deploy", () => {
    const preview = () => JobRun.of("deploy-stack.yml", "preview", team, secrets);
    const up = () => JobRun.of("deploy-stack.yml", "up", team, secrets);
    const PREVIEW = ["Prepare Pulumi", "Name the cluster", "Preview"];
    const UP = ["Prepare Pulumi", "Name the cluster", "Up, if it is still what was reviewed"];

    /** What the artifact does: the changes that were reviewed, in the job that makes them. */
    function handOver(): void {
      rmSync(path.join(team.clone, "reviewed"), { recursive: true, force: true });
      mkdirSync(path.join(team.clone, "reviewed"));
      cpSync(path.join(team.clone, "changes.json"), path.join(team.clone, "reviewed/changes.json"));
    }

    it("show what they will do, and do it", async () => {
      const first = preview();
      const previewed = await first.inOrder(...PREVIEW);
      assert.equal(previewed.exitCode, 0, previewed.output);
      assert.match(first.summary, /staging/);
      handOver();
      const upped = await up().inOrder(...UP);
      assert.equal(upped.exitCode, 0, upped.output);
    });

    it("refuse to do other things than were reviewed, and say which", async () => {
      const previewed = await preview().inOrder(...PREVIEW);
      assert.equal(previewed.exitCode, 0, previewed.output);
      handOver();
      // Meanwhile someone else's change is deployed, from a commit that this one doesn't have.
      const other = { ...shared, KUBECONFIG: kubeconfig };
      team.edit("Pulumi.staging.yaml", ADDRESS);
      await team.done("pulumi up -s staging --policy-pack policies --yes --skip-preview", other);
      await team.done("git checkout --quiet Pulumi.staging.yaml");
      const before = await team.done("pulumi stack export -s staging", other);

      const refused = await up().inOrder(...UP);
      assert.equal(refused.exitCode, 1, refused.output);
      assert.match(refused.output, /^::error::staging isn't what it was .* Nothing was changed/m);
      assert.match(refused.output, /^\+ .*my-wikipedia\.default-ipv4/m);
      assert.equal(await team.done("pulumi stack export -s staging", other), before);
    });

    it("do it when it was reviewed anew", async () => {
      const previewed = await preview().inOrder(...PREVIEW);
      assert.equal(previewed.exitCode, 0, previewed.output);
      handOver();
      const upped = await up().inOrder(...UP);
      assert.equal(upped.exitCode, 0, upped.output);
    });

    it("refuse what the policies forbid, in each job, and change nothing", async () => {
      const theirs = { ...shared, KUBECONFIG: kubeconfig };
      const [state, cluster] = [
        await team.done("pulumi stack export -s staging", theirs),
        await settledSnapshot(kubeconfig),
      ];
      team.edit(VIOLATING.file, VIOLATING.change);
      try {
        const previewed = await preview().inOrder(...PREVIEW);
        assert.equal(previewed.exitCode, 1, previewed.output);
        const upped = await up().inOrder(...UP);
        assert.equal(upped.exitCode, 1, upped.output);
        assert.match(upped.output, /egress-disallow-istio-mutual/);
        assert.match(
          upped.output,
          /^::error::The preview of staging failed\. Nothing was changed/m,
        );
      } finally {
        await team.done(`git checkout --quiet ${VIOLATING.file}`);
      }
      assert.equal(await team.done("pulumi stack export -s staging", theirs), state);
      assert.deepEqual(await snapshotOf(kubeconfig), cluster);
    });

    it("leave the kubeconfig to its owner alone", async () => {
      const job = up();
      await job.run("Name the cluster");
      assert.match(await team.done(`stat --format=%a ${job.temporary}/kubeconfig`), /^600/);
    });
  });

  describe("that audit", () => {
    let removeIstiod: () => Promise<void>;

    const deploy = (...args: string[]) =>
      team.done(`pulumi up -s staging --yes --skip-preview ${args.join(" ")}`, {
        ...shared,
        KUBECONFIG: kubeconfig,
      });

    before(async () => {
      await deploy();
      // As a user's cluster has it, so that the job can ask it.
      removeIstiod = await istiodPod(await sharedPlane());
    });
    after(() => removeIstiod?.());

    /** What each step of the night says. They go on after a finding. */
    async function night(): Promise<Record<string, Ending>> {
      const job = JobRun.of("audit.yml", "audit", team, secrets);
      await job.inOrder("Prepare Pulumi", "Name the cluster");
      return {
        [DRIFT]: await job.run(DRIFT),
        [POLICIES]: await job.run(POLICIES),
        [REALITY]: await withConnectedSidecar(await sharedPlane(), "default", () =>
          job.run(REALITY),
        ),
      };
    }

    it("find nothing where nobody touched anything", async () => {
      for (const [check, { exitCode, output }] of Object.entries(await night())) {
        assert.equal(exitCode, 0, `${check}:\n${output}`);
      }
    });

    it("ask the cluster that the stack names by a secret, and no other that is at hand", async () => {
      const set = "pulumi config set -s staging --secret istio-egress:kubeconfig";
      await team.done(`${set} < ${kubeconfig}`, shared);
      try {
        const job = JobRun.of("audit.yml", "audit", team, secrets);
        await job.inOrder("Prepare Pulumi", "Name the cluster");
        const { exitCode, output } = await withConnectedSidecar(
          await sharedPlane(),
          "default",
          () => job.run(REALITY, { KUBECONFIG: "/nonexistent" }),
        );
        assert.equal(exitCode, 0, output);
      } finally {
        await team.done("git checkout --quiet Pulumi.staging.yaml");
      }
    });

    it("find servers outside that have moved", async () => {
      const dns = await NameServer.start({ "en.wikipedia.org": [records("192.0.2.1")] });
      // Addresses that are nobody's.
      team.edit("Pulumi.staging.yaml", (file) =>
        file.replace(/91\.198\.174\.192|198\.35\.26\.96/g, (old) => `192.0.2.${old.slice(0, 2)}`),
      );
      try {
        const job = JobRun.of("audit.yml", "audit", team, {
          ...secrets,
          "vars.DNS_SERVER": dns.address,
        });
        const { exitCode, output } = await job.run(OUTSIDE);
        assert.equal(exitCode, 1, output);
        assert.match(
          output,
          /not answered: 192\.0\.2\.91, 192\.0\.2\.19; not declared: 192\.0\.2\.1 /,
        );
        assert.match(output, /httpbin\.org has no address/);
        assert.equal(job.summary.trimEnd(), output);
      } finally {
        dns.stop();
        await team.done("git checkout --quiet Pulumi.staging.yaml");
      }
    });

    for (const { title, meddle, clean, says } of MEDDLING) {
      it(`find ${title}`, async () => {
        await meddle(objectsIn(kubeconfig));
        try {
          const told = await night();
          for (const [check, words] of Object.entries(says)) {
            const { exitCode, output } = told[check]!;
            if (words === undefined) assert.equal(exitCode, 0, `${check}:\n${output}`);
            else assert.notEqual(exitCode, 0, `${check} found nothing:\n${output}`);
            if (words !== undefined) assert.match(output, words);
          }
        } finally {
          if (clean) await objectsIn(kubeconfig).delete(clean);
          await deploy("--refresh");
        }
      });
    }
  });
});
