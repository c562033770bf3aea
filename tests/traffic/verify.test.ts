import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { V1Pod } from "@kubernetes/client-node";
import { ExitCode } from "../../cli/mistake.js";
import type { VerifyReport } from "../../cli/verify/verify.js";
import { istioEgress } from "../cli/command.js";
import { istiodPod } from "../stack/istiodPod.js";
import { type TestCatalogue, catalogueOf } from "../stack/testStack.js";
import { istio, meanwhile } from "./objects.js";
import { CERTIFICATES, OUTSIDE } from "./origins.js";
import { type TestLab, sharedLab } from "./shared-lab.js";

const CALLS = ["default/sleep", "without-istio/sleep"].flatMap((who) =>
  ["my-httpbin", "my-wikipedia"].map((alias) => `${who} calls default/${alias}`),
);
/** The model's answers for {@link CALLS} where everything is as the catalogue says. */
const AS_DECLARED = ["as-declared", "as-declared", "as-sent", "as-sent"];
const WIKIPEDIA = "my-wikipedia.default.svc.cluster.local";

function wikipediaIn({ aliases }: TestCatalogue) {
  return aliases.find(({ name }) => name === "my-wikipedia") as { addresses: string[] };
}

/** verify reads Pulumi.dev.yaml, so they are the task's own; in the network a server of ours has them. */
const TASK_ADDRESSES = wikipediaIn(catalogueOf("dev")).addresses;

/**
 * The whole way of `kubectl exec`, with a kubelet (kwok) that runs commands on this machine: there curl
 * is led into the network, to the Pod's host.
 */
describe("verify --traffic, with real traffic", function () {
  this.timeout(90_000);
  let lab: TestLab;
  let removeKubelet: (() => Promise<void>) | undefined;

  before(async function () {
    lab = await sharedLab(this, catalogueOf("dev"));
    await serveTaskAddresses();
    const { items } = await lab.objects.list<V1Pod>("v1", "Pod");
    const bin = curlInNetwork();
    const hosts = new Set(Object.values(lab.clients).map(({ host }) => host));
    const commands = items
      .map((pod) => ({ pod, host: `${pod.metadata?.name}.${pod.metadata?.namespace}` }))
      .filter(({ host }) => hosts.has(host))
      .map(({ pod, host }) => ({ pod, path: bin, environment: { POD_HOST: host } }));
    removeKubelet = await istiodPod(lab.on, commands);
  });

  after(() => removeKubelet?.());

  async function serveTaskAddresses(): Promise<void> {
    const name = "task-wikipedia";
    await lab.lab.network.addHost(name, TASK_ADDRESSES);
    const listeners = [await lab.origins.httpsFor("en.wikipedia.org")];
    await lab.origins.serve(name, { name, addresses: TASK_ADDRESSES, listeners });
  }

  /** A folder with a curl that is run in the network, on the host of the Pod that the kubelet names. */
  function curlInNetwork(): string {
    const folder = path.join(lab.on.folder, "bin");
    mkdirSync(folder, { recursive: true });
    const enter = lab.lab.network.entering('"$POD_HOST"', ["curl", '"$@"']).join(" ");
    const lines = [
      "#!/bin/sh",
      "export PATH=/usr/sbin:/usr/bin:/sbin:/bin",
      `export CURL_CA_BUNDLE=${CERTIFICATES.authority}`,
      `exec ${enter}`,
    ];
    writeFileSync(path.join(folder, "curl"), `${lines.join("\n")}\n`, { mode: 0o755 });
    return folder;
  }

  function verify(...args: string[]) {
    const { kubeconfig } = lab.on.plane;
    return istioEgress(["verify", "--traffic", "--kubeconfig", kubeconfig, ...args]);
  }

  /** What came of the calls, in the order of {@link CALLS}, each tried once. */
  async function calls() {
    const { code, stdout, stderr } = await verify("--json", "--patience", "0");
    assert.notEqual(stdout, "", stderr);
    const { rows } = JSON.parse(stdout) as VerifyReport;
    const made = rows.filter(({ subject }) => subject.includes(" calls "));
    assert.deepEqual(
      made.map(({ subject }) => subject),
      CALLS,
    );
    const is = made.map(({ ok, state }) => state ?? (ok ? "ok" : "wrong"));
    return { code, is, found: made.map(({ found }) => found) };
  }

  /** What the model says of the same calls, given what the API server has; in the order of {@link CALLS}. */
  async function answers(): Promise<string[]> {
    const made = ["default", "without-istio"].flatMap((client) => [
      `${client} -> http://my-httpbin.default.svc.cluster.local/headers`,
      `${client} -> https://en.wikipedia.org:443 at my-wikipedia.default`,
    ]);
    const cluster = ["--kube", "--kubeconfig", lab.on.plane.kubeconfig];
    const asked = made.flatMap((call) => ["--call", call]);
    const { stdout, stderr } = await istioEgress(["judge", ...cluster, "--json", ...asked]);
    assert.notEqual(stdout, "", stderr);
    const { calls } = JSON.parse(stdout) as { calls: { answer: string }[] };
    return calls.map(({ answer }) => answer);
  }

  /** Keeps traffic from where it wants to go, on the router, while `work` is done. */
  async function refusing<T>(what: string, work: () => Promise<T>): Promise<T> {
    const { network } = lab.lab;
    const rule = `${what} -j REJECT --reject-with icmp-net-unreachable`;
    const change = async (how: string) => {
      const { exitCode, stderr } = await network.run(undefined, [
        "sh",
        "-c",
        `iptables ${how} ${rule}`,
      ]);
      assert.equal(exitCode, 0, stderr);
    };
    await change("--insert");
    try {
      return await work();
    } finally {
      await change("--delete");
    }
  }

  it("lets both Pods call both aliases, and each answer is as the task says", async () => {
    const { code, stdout, stderr } = await verify();
    assert.equal(code, ExitCode.Ok, stdout + stderr);
    const calls = stdout.split("\n").filter((line) => /^ok +\S+ calls( |$)/.test(line));
    assert.equal(calls.length, CALLS.length, stdout);
    assert.match(stdout, /^All 15 are as Pulumi\.dev\.yaml declares\.$/m);
    for (const line of stdout.split("\n")) assert.ok(line.length <= 100, line);
    assert.deepEqual(await answers(), AS_DECLARED);
  });

  it("says what curl says where the sidecar breaks a call, and only the Pod in the mesh is hit", async () => {
    const tls = { mode: "ISTIO_MUTUAL" };
    const rule = istio("DestinationRule", "my-wikipedia", {
      host: WIKIPEDIA,
      trafficPolicy: { tls },
    });
    await meanwhile(lab.objects, [rule], async () => {
      await lab.sidecar.until(WIKIPEDIA, 443, (cluster) => cluster?.tls === "ISTIO_MUTUAL");
      const { code, is, found } = await calls();
      assert.deepEqual(is, ["ok", "wrong", "ok", "ok"]);
      assert.match(found[1]!, /^curl: \(35\) .*; the sidecar adds TLS: ISTIO_MUTUAL$/);
      assert.equal(code, ExitCode.Violation);
      assert.deepEqual(await answers(), AS_DECLARED.with(1, "istio-mutual-outside"));
    });
    await lab.sidecar.until(WIKIPEDIA, 443, (cluster) => cluster?.tls === "PLAIN");
  });

  it("breaks where the model says that TLS is put into TLS", async () => {
    const rule = istio("DestinationRule", "my-wikipedia", {
      host: WIKIPEDIA,
      trafficPolicy: { tls: { mode: "SIMPLE", sni: "en.wikipedia.org" } },
    });
    await meanwhile(lab.objects, [rule], async () => {
      await lab.sidecar.until(WIKIPEDIA, 443, (cluster) => cluster?.tls === "SIMPLE");
      const { is, found } = await calls();
      assert.deepEqual(is, ["ok", "wrong", "ok", "ok"], found.join("\n"));
      assert.deepEqual(await answers(), AS_DECLARED.with(1, "tls-in-tls"));
    });
    await lab.sidecar.until(WIKIPEDIA, 443, (cluster) => cluster?.tls === "PLAIN");
  });

  it("doesn't take a network without a way outside for a fault of TLS", async () => {
    const outside = [...TASK_ADDRESSES, ...OUTSIDE["httpbin.org"]].join();
    const { code, is, found } = await refusing(
      `FORWARD --protocol tcp --destination ${outside}`,
      calls,
    );
    assert.deepEqual(is, ["network", "network", "network", "network"]);
    // A sidecar that still has a connection waits for it; else it says what it met.
    assert.match(found[0]!, /: (503: upstream connect error|no answer in time: curl: \(28\))/);
    assert.match(
      found[1]!,
      /^the network doesn't allow it: closed before the server said anything/,
    );
    for (const direct of found.slice(2)) assert.match(direct, /: no connection: curl: \(7\) /);
    assert.equal(code, ExitCode.Violation);
  });

  it("names a missing answer of the DNS as such", async () => {
    const { address } = lab.clients.outsideMesh;
    const { is, found } = await refusing(`INPUT --protocol udp --source ${address}`, calls);
    assert.deepEqual(is, ["ok", "ok", "network", "ok"]);
    assert.match(found[2]!, /: no DNS answer: curl: \(6\) Could not resolve host/);
  });
});
