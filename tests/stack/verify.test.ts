import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { CoreV1Api, KubeConfig, PatchStrategy, type V1Pod } from "@kubernetes/client-node";
import { parse } from "yaml";
import { ApiServer } from "../../cli/kube/api-server.js";
import { ExitCode } from "../../cli/mistake.js";
import { execInPod } from "../../cli/kube/exec.js";
import { type VerifyReport, reportOn } from "../../cli/verify/verify.js";
import { throughPortForward } from "../../cli/verify/ask-istiod.js";
import type { Pod } from "../../cli/verify/reality.js";
import { sidecarClusters } from "../../local/sidecar.js";
import { istioEgress } from "../cli/command.js";
import { eventually } from "../local/eventually.js";
import { withConnectedSidecar } from "./connectedSidecar.js";
import { istiodPod } from "./istiodPod.js";
import { objectsIn } from "./kube.js";
import { type TestPlane, sharedPlane } from "./sharedPlane.js";
import { TestStack, catalogueOf } from "./testStack.js";

describe("verification, on real parts", function () {
  this.timeout(120_000);

  let on: TestPlane;
  let kubeconfig: string;
  let stack: TestStack;

  before(async () => {
    on = await sharedPlane();
    kubeconfig = on.plane.kubeconfig;
    stack = await TestStack.open({ on });
    const run = await stack.up(catalogueOf("dev"));
    assert.equal(run.exitCode, 0, run.output);
  });

  after(() => stack?.close());

  /** The kubeconfig of one who may do nothing. */
  const asNobody = () => {
    const config = parse(readFileSync(kubeconfig, "utf8")) as { users: { user: object }[] };
    const users = config.users.map((entry) => ({
      ...entry,
      user: { ...entry.user, as: "nobody" },
    }));
    const nobody = path.join(on.folder, "nobody.kubeconfig");
    writeFileSync(nobody, JSON.stringify({ ...config, users }), { mode: 0o600 });
    return nobody;
  };

  const differences = async () => {
    const { rows } = await reportOn({ stack: "dev", plane: on.plane, patience: 0 });
    return rows.filter(({ ok }) => !ok).map(({ subject, found }) => `${subject}: ${found}`);
  };

  const setMode = async (mode: string) => {
    const rule = {
      apiVersion: "networking.istio.io/v1",
      kind: "DestinationRule",
      metadata: { name: "my-wikipedia", namespace: "default" },
      spec: { trafficPolicy: { tls: { mode } } },
    };
    const kind = PatchStrategy.MergePatch;
    await objectsIn(kubeconfig).patch(rule, undefined, undefined, undefined, undefined, kind);
  };

  it("finds the dev stack as its catalogue declares", async () => {
    const report = await reportOn({ stack: "dev", plane: on.plane });
    assert.deepEqual(
      report.rows.filter(({ ok }) => !ok),
      [],
    );
    assert.equal(report.rows.length, 11);
    assert.ok(report.ok);
  });

  it("finds a rule that somebody changed, in the object and in what istiod sends", async () => {
    await setMode("ISTIO_MUTUAL");
    await eventually(async () => {
      assert.deepEqual(await differences(), [
        "DestinationRule default/my-wikipedia: trafficPolicy.tls.mode ISTIO_MUTUAL",
        "default/sleep → default/my-wikipedia:443: ISTIO_MUTUAL by default/my-wikipedia, 2 endpoints",
      ]);
      return true;
    });
    await setMode("DISABLE");
  });

  it("finds what somebody deleted", async () => {
    await objectsIn(kubeconfig).delete({
      apiVersion: "networking.istio.io/v1",
      kind: "ServiceEntry",
      metadata: { name: "httpbin.org", namespace: "default" },
    });
    await eventually(async () => {
      const found = await differences();
      assert.ok(found.includes("ServiceEntry default/httpbin.org: missing"), found.join("\n"));
      assert.ok(found.includes("default/sleep → default/my-httpbin:80: no cluster"));
      return true;
    });
  });

  it("has no containers to call from, says so in a line, and doesn't pass", async () => {
    await assert.rejects(reportOn({ stack: "dev", plane: on.plane, traffic: true }), {
      message: /^--traffic: the embedded mesh has no containers .* npm run test:traffic, .*$/,
    });
  });

  it("says where another stack's catalogue differs from what stands", async () => {
    const { ok, rows } = await reportOn({ stack: "prod", plane: on.plane, patience: 0 });
    assert.ok(!ok);
    assert.ok(
      rows.some(({ subject, found }) => subject === "Pod payments/sleep" && found === "missing"),
    );
  });

  describe("of a cluster whose istiod is in a Pod", () => {
    let removeIstiod: () => Promise<void>;
    let pod: Pod;

    before(async () => {
      const restored = await stack.refresh(catalogueOf("dev"));
      assert.equal(restored.exitCode, 0, restored.output);
      const run = await stack.up(catalogueOf("dev"));
      assert.equal(run.exitCode, 0, run.output);
      removeIstiod = await istiodPod(on);
      const { items } = await objectsIn(kubeconfig).list<V1Pod>("v1", "Pod", "default");
      pod = items[0] as Pod;
    });

    after(() => removeIstiod?.());

    const connected = <T>(work: () => Promise<T>) => withConnectedSidecar(on, "default", work);

    it("receives the same through a port-forward as the sidecar does", async () => {
      const server = await ApiServer.from({ kubeconfig });
      const forwarded = await connected(() => throughPortForward(server, "istio-system")(pod));
      const { name, namespace, labels } = pod.metadata;
      const identity = { pod: name, namespace, ip: pod.status.podIP!, labels: labels! };
      assert.deepEqual(forwarded, await sidecarClusters(on.plane.istiod, identity));
    });

    it("prints a table and ends with exit 0", async () => {
      const { code, stdout, stderr } = await connected(() =>
        istioEgress(["verify", "--kubeconfig", kubeconfig]),
      );
      assert.equal(code, ExitCode.Ok, stdout + stderr);
      assert.match(
        stdout,
        /^ok +default\/sleep → default\/my-httpbin:80 +PLAIN by default\/httpbin\.org$/m,
      );
      assert.match(stdout, /^All 11 are as Pulumi\.dev\.yaml declares\.$/m);
      for (const line of stdout.split("\n")) assert.ok(line.length <= 100, line);
    });

    it("ends with exit 1 and the failing rows where reality differs", async () => {
      const { code, stdout } = await connected(() =>
        istioEgress([
          "verify",
          "--kubeconfig",
          kubeconfig,
          "--stack",
          "staging",
          "--patience",
          "0",
        ]),
      );
      assert.match(stdout, /^FAIL +default\/sleep →/m);
      assert.equal(code, ExitCode.Violation);
    });

    it("waits for a sidecar that isn't connected yet", async () => {
      const args = ["verify", "--kubeconfig", kubeconfig, "--patience", "60"];
      let hasEnded = false;
      const verifying = istioEgress(args).finally(() => (hasEnded = true));
      await new Promise((resolve) => setTimeout(resolve, 4_000));
      assert.ok(!hasEnded, "it has given up");
      const { code, stdout, stderr } = await connected(() => verifying);
      assert.equal(code, ExitCode.Ok, stdout + stderr);
    });

    it("ends with exit 1 where no sidecar of a client is connected, and says so in a row", async () => {
      const args = ["verify", "--kubeconfig", kubeconfig, "--patience", "0", "--json"];
      const { code, stdout } = await istioEgress(args);
      const failed = (JSON.parse(stdout) as VerifyReport).rows.filter(({ ok }) => !ok);
      assert.deepEqual(
        failed.map(({ subject }) => subject),
        ["default/sleep → default/my-httpbin:80", "default/sleep → default/my-wikipedia:443"],
      );
      for (const { found } of failed) assert.match(found, /no istiod knows its sidecar/);
      assert.equal(code, ExitCode.Violation);
    });

    it("passes over a Pod that was evicted, and one whose sidecar isn't connected", async () => {
      const beside = (name: string, spec: object) => ({
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name, namespace: "default", labels: { app: "sleep" } },
        spec: { containers: [{ name: "sleep", image: "sleep:1" }], ...spec },
      });
      // Both before the client's own in the order of their names.
      const evicted = beside("a-evicted", { schedulerName: "nobody" });
      const unconnected = beside("b-unconnected", { nodeName: "fake" });
      const objects = objectsIn(kubeconfig);
      const { code, stdout, stderr } = await connected(async () => {
        try {
          await objects.create(evicted);
          await objects.create(unconnected);
          await evict(kubeconfig, evicted.metadata);
          await eventually(async () => {
            const { status } = await objects.read<V1Pod>(unconnected);
            return status?.phase === "Running" || undefined;
          });
          return await istioEgress(["verify", "--kubeconfig", kubeconfig]);
        } finally {
          await objects.delete(evicted);
          await objects.delete(unconnected);
        }
      });
      assert.equal(code, ExitCode.Ok, stdout + stderr);
      assert.match(stdout, /^ok +Pod default\/sleep +2\/2 Running$/m);
    });

    it("ends with exit 1 where nothing can be run in a Pod: the kubelet doesn't answer", async () => {
      const { code, stdout } = await connected(() =>
        istioEgress(["verify", "--traffic", "--json", "--kubeconfig", kubeconfig]),
      );
      const { rows } = JSON.parse(stdout) as VerifyReport;
      const calls = rows.filter(({ subject }) => subject.includes(" calls "));
      assert.equal(calls.length, 4);
      for (const { ok, found } of calls) {
        assert.match(found, /^curl didn't run: Internal error occurred/);
        assert.ok(!ok);
      }
      assert.equal(code, ExitCode.Violation);
    });

    it("ends with exit 2 where one may not run anything in a Pod, and says what it takes", async () => {
      const server = await ApiServer.from({ kubeconfig: asNobody() });
      const { name, namespace } = pod.metadata;
      const container = { namespace, pod: name, container: "sleep" };
      await assert.rejects(execInPod(server, container, ["curl"], 5_000), {
        message: /^can't run a command in Pod default\/sleep-.* 403\.\n.*create and get pods\/exec/,
      });
    });

    it("lets judge read it too", async () => {
      const { code, stdout, stderr } = await istioEgress([
        "judge",
        "--kube",
        "--kubeconfig",
        kubeconfig,
      ]);
      assert.match(stdout, /^ok +default\/my-wikipedia .* PLAIN +default\/my-wikipedia$/m);
      assert.equal(code, ExitCode.Ok, stdout + stderr);
    });
  });

  it("ends with exit 2 where istiod is nowhere", async () => {
    const { code, stderr } = await istioEgress(["verify", "--kubeconfig", kubeconfig]);
    assert.match(stderr, /no Pod labelled app=istiod runs in istio-system/);
    assert.equal(code, ExitCode.BadInput);
  });

  it("ends with exit 2 where one may not read, and says what", async () => {
    const nobody = asNobody();
    for (const command of [["verify"], ["judge", "--kube"]]) {
      const { code, stderr } = await istioEgress([...command, "--kubeconfig", nobody]);
      assert.match(stderr, /answered 403 to GET \/api/);
      assert.match(stderr, /User "nobody" cannot/);
      assert.match(stderr, /Ask for a role that may get and list it/);
      assert.equal(code, ExitCode.BadInput);
    }
  });

  it("ends with exit 2 where the API server can't be reached, and says which one", async () => {
    const dead = path.join(on.folder, "dead.kubeconfig");
    const cluster = { name: "dead", cluster: { server: "https://127.0.0.1:9" } };
    const context = { name: "dead", context: { cluster: "dead", user: "nobody" } };
    const users = [{ name: "nobody", user: {} }];
    const config = { clusters: [cluster], contexts: [context], users, "current-context": "dead" };
    writeFileSync(dead, JSON.stringify(config));
    for (const command of [["verify"], ["judge", "--kube"]]) {
      const { code, stderr } = await istioEgress([...command, "--kubeconfig", dead]);
      assert.match(
        stderr,
        /the API server https:\/\/127\.0\.0\.1:9 can't be reached: connect ECONNREFUSED/,
      );
      assert.doesNotMatch(stderr, /^\s+at /m);
      assert.equal(code, ExitCode.BadInput);
    }
  });
});

/** What a kubelet that is short of memory does to a Pod. */
async function evict(kubeconfig: string, pod: { name: string; namespace: string }): Promise<void> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const pods = config.makeApiClient(CoreV1Api);
  const body = await pods.readNamespacedPodStatus(pod);
  const status = { ...body.status, phase: "Failed", reason: "Evicted" };
  await pods.replaceNamespacedPodStatus({ ...pod, body: { ...body, status } });
}
