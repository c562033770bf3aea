import assert from "node:assert/strict";
import path from "node:path";
import type { KubernetesObject } from "@kubernetes/client-node";
import { execa } from "execa";
import { ExitCode } from "../../cli/mistake.js";
import type { Upgrade } from "../../cli/upgrade/report.js";
import { REPOSITORY } from "../../local/toolchain/cache.js";
import { eventually } from "../local/eventually.js";
import { PARTNER } from "../mesh/upgrade/objects.js";
import { objectsIn } from "./kube.js";
import { sharedPlane } from "./sharedPlane.js";

const SHOP: KubernetesObject = { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } };

/** istiod as a user's cluster shows it: a Pod, whose image says the version. */
const ISTIOD = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "istiod-of-1-20", namespace: "istio-system", labels: { app: "istiod" } },
  spec: { containers: [{ name: "discovery", image: "docker.io/istio/pilot:1.20.8-distroless" }] },
};

describe("istio-egress upgrade --kube, on a real API server", function () {
  this.timeout(120_000);
  let kubeconfig: string;
  const created: KubernetesObject[] = [];

  const create = async (object: object) => {
    created.push(await objectsIn(kubeconfig).create(object));
  };
  const upgrade = (...args: string[]) =>
    execa(
      process.execPath,
      [path.join(REPOSITORY, "cli/launch.cjs"), "upgrade", "--kube", ...args],
      { env: { KUBECONFIG: kubeconfig }, reject: false, all: true },
    );
  const rehearsalsOf = async (...args: string[]) => {
    const { exitCode, stdout, all } = await upgrade("--format", "json", ...args);
    assert.ok(exitCode === ExitCode.Ok || exitCode === ExitCode.Violation, all);
    const { rehearsals } = JSON.parse(stdout) as Upgrade;
    return { exitCode, rehearsals };
  };

  before(async () => {
    ({ kubeconfig } = (await sharedPlane()).plane);
    for (const object of [SHOP, ...PARTNER]) await create(object);
  });
  after(async () => {
    const objects = objectsIn(kubeconfig);
    for (const object of created.toReversed()) await objects.delete(object);
    await eventually(async () => {
      const { items } = await objects.list("v1", "Namespace");
      return items.every(({ metadata }) => metadata?.name !== "shop") || undefined;
    });
  });

  it("refuses to guess the version where no istiod is seen", async () => {
    const { exitCode, all } = await upgrade();
    assert.equal(exitCode, ExitCode.BadInput, all);
    assert.match(all, /doesn't say which Istio runs today: write --from/);
  });

  it("reads the version from istiod's Pod, and tells minor by minor what breaks", async () => {
    await create(ISTIOD);
    const { exitCode, rehearsals } = await rehearsalsOf("--through", "--to", "1.22");
    assert.equal(exitCode, ExitCode.Violation);
    assert.deepEqual(
      rehearsals.map(({ from, to, changes }) => [
        from,
        to,
        changes.some(({ effect }) => effect === "breaks"),
      ]),
      [
        ["1.20", "1.21", true],
        ["1.21", "1.22", false],
      ],
    );
  });

  it("writes objects that the API server takes, and with which nothing breaks", async () => {
    const { rehearsals } = await rehearsalsOf();
    const edits = rehearsals.flatMap(({ preparation }) => preparation.edits);
    assert.deepEqual(
      edits.map(({ object }) => object.kind),
      ["ServiceEntry", "DestinationRule"],
    );
    for (const { object } of edits) await create(object);
    const { exitCode, all } = await upgrade();
    assert.equal(exitCode, ExitCode.Ok, all);
    assert.match(all, /^0 break, 0 undecided, /m);
  });
});
