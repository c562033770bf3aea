import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { assertIsMistake, bareMachine, istioEgress } from "./command.js";

describe("what a person can put right is reported in one message, without a stack trace", function () {
  this.timeout(20_000);

  let folder: string;
  let env: Record<string, string>;
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), "istio-egress-mistake-"));
    env = bareMachine(folder);
  });
  after(() => rmSync(folder, { recursive: true }));

  it("the tools can't be built here", async () => {
    // A build looks for room before it looks for Go, and not every machine has room.
    const message = /^istio-egress: (Go isn't installed|the tool cache .* GiB free)/m;
    assertIsMistake(await istioEgress(["up"], { env }), message);
  });

  it("the machine refuses the folder of the tools", async () => {
    const ending = await istioEgress(["up"], {
      env: { ...env, ISTIO_EGRESS_CACHE: "/dev/null/cache" },
    });
    assertIsMistake(ending, /^istio-egress: .*'\/dev\/null\/cache'/m);
  });

  it("there is no such stack", async () => {
    const ending = await istioEgress(["up", "--stack", "nope"], { env });
    assertIsMistake(ending, /there is no Pulumi\.nope\.yaml; the stacks here are: dev, prod/);
  });

  it("the disk is full", async () => {
    // Linux's device that has no room.
    const judge = ["judge", "-f", "examples/task.yaml", "--sarif-file", "/dev/full"];
    assertIsMistake(await istioEgress(judge, { env }), /the disk is full: free some space/);
  });
});
