import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { installedTools, providerPlugin, versionIn } from "../../../local/toolchain/installed.js";

describe("tools that this machine has already", () => {
  let bin: string;
  beforeEach(() => (bin = mkdtempSync(path.join(os.tmpdir(), "istio-egress-bin-"))));
  afterEach(() => rmSync(bin, { recursive: true }));

  function install(name: string, prints: string): string {
    const file = path.join(bin, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, `#!/bin/sh\ncat <<'END'\n${prints}\nEND\n`, { mode: 0o755 });
    return file;
  }
  const tools = () => installedTools({ PATH: bin });

  it("has none on an empty machine", async () => {
    assert.deepEqual(await tools(), {});
  });

  it("takes an etcd that is new enough", async () => {
    const etcd = install("etcd", "etcd Version: 3.5.21\nGit SHA: a17edfd");
    assert.deepEqual(await tools(), { etcd });
    install("etcd", "etcd Version: 3.4.1");
    assert.deepEqual(await tools(), {});
  });

  it("takes Kubernetes from KUBEBUILDER_ASSETS only as a whole and of one version", async () => {
    const names = ["kube-apiserver", "kube-controller-manager", "kube-scheduler"];
    const files = names.map((name) => install(`assets/${name}`, "Kubernetes v1.34.2"));
    const assets = { PATH: "", KUBEBUILDER_ASSETS: path.join(bin, "assets") };
    assert.deepEqual(
      await installedTools(assets),
      Object.fromEntries(names.map((name, i) => [name, files[i]])),
    );
    install("assets/kube-scheduler", "Kubernetes v1.33.0");
    assert.deepEqual(await installedTools(assets), {});
    rmSync(files[0]!);
    assert.deepEqual(await installedTools(assets), {});
  });

  it("takes istioctl of the pinned release only", async () => {
    const istioctl = install("istioctl", "client version: 1.31.0");
    assert.deepEqual(await tools(), { istioctl });
    install("istioctl", "client version: 1.27.1");
    assert.deepEqual(await tools(), {});
  });

  it("takes a Pulumi CLI with its language host, and leaves the rest to be built", async () => {
    const pulumi = install("pulumi", "v3.250.1");
    assert.deepEqual(await tools(), {});
    const host = install("pulumi-language-nodejs", "");
    assert.deepEqual(await tools(), { pulumi, "pulumi-language-nodejs": host });
    install("pulumi", "v3.200.0");
    assert.deepEqual(await tools(), {});
  });

  it("finds the provider's plugin of exactly the pinned version, where Pulumi keeps it", () => {
    const other = "plugins/resource-kubernetes-v4.24.0/pulumi-resource-kubernetes";
    install(other, "");
    assert.equal(providerPlugin({ PULUMI_HOME: bin }), undefined);
    const plugin = install(other.replace("4.24.0", "4.25.0"), "");
    assert.equal(providerPlugin({ PULUMI_HOME: bin, HOME: "/nowhere" }), plugin);
    const inHome = install(`.pulumi/${other.replace("4.24.0", "4.25.0")}`, "");
    assert.equal(providerPlugin({ HOME: bin }), inHome);
  });

  it("reads the first version in a text", () => {
    assert.deepEqual(versionIn("Kubernetes v1.36.3"), [1, 36]);
    assert.equal(versionIn("unknown"), undefined);
  });
});
