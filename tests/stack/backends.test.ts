import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { eventually } from "../local/eventually.js";
import { objectsIn } from "./kube.js";
import { type TestPlane, sharedPlane } from "./sharedPlane.js";
import { kill, SharedStack } from "./sharedStack.js";
import { objectStore, postgres, readOnly, type StateServer } from "./stateServers.js";

const UP = ["up", "--yes", "--skip-preview", "-s", "dev"];
const LOCKED =
  /error: the stack is currently locked by 1 lock\(s\)\. Either wait for the other process\(es\) to end or delete the lock file with `pulumi cancel`\.\n\s+.*\.pulumi\/locks\/organization\/shared\/dev\/[0-9a-f-]+\.json.*: created by .+@.+ \(pid \d+\) at \d{4}-/s;

const BACKENDS: Record<string, () => Promise<StateServer | undefined>> = {
  PostgreSQL: postgres,
  "a store with S3's API": objectStore,
};

for (const [name, start] of Object.entries(BACKENDS)) {
  describe(`state that a team shares in ${name}, on the real engine`, function () {
    this.timeout(480_000);

    let on: TestPlane;
    let server: StateServer | undefined;
    let stack: SharedStack;

    before(async function () {
      server = await start();
      if (!server) {
        console.error(`\n  !!! NOT TESTED: state in ${name}, because it isn't installed.\n`);
        return this.skip();
      }
      on = await sharedPlane();
      stack = await SharedStack.open(on, server);
    });

    after(async () => {
      await server?.stop();
      stack?.remove();
    });

    const inCluster = async () => {
      const { items } = await objectsIn(on.plane.kubeconfig).list("v1", "ConfigMap", "default");
      return items.map(({ metadata }) => metadata!.name!).filter((name) => /^shared-/.test(name));
    };
    /** Once one machine's update has stopped in the middle. */
    const untilStopped = () =>
      eventually(async () => (await stack.resources("other")).includes("first") || undefined);
    const assertWhole = async () => {
      assert.deepEqual(await stack.resources("other"), ["first", "second"]);
      assert.deepEqual((await inCluster()).sort(), ["shared-first", "shared-second"]);
      await stack.done("other", ...UP, "--expect-no-changes");
    };

    beforeEach(() => stack.closeGate());

    const destroy = async () => {
      await stack.done("other", "destroy", "--yes", "--skip-preview", "-s", "dev");
      assert.deepEqual(await stack.resources("one"), []);
      assert.deepEqual(await inCluster(), []);
    };

    it("keeps its credentials to their owner", () => {
      const files = Object.values(server!.environment);
      assert.equal(files.length, 1);
      for (const file of files) assert.equal(statSync(file).mode & 0o777, 0o600, file);
      assert.ok(!server!.url.includes(server!.secret));
    });

    it("is what one machine previews and brings up, and another one sees and takes away", async () => {
      stack.openGate();
      const preview = await stack.done("one", "preview", "-s", "dev");
      assert.match(preview, /\+ 3 to create/);
      await stack.done("one", ...UP);
      await assertWhole();
      await destroy();
    });

    it("lets one of two updates at once work, and refuses the other with who is at it", async () => {
      const first = stack.start("one", ...UP);
      await untilStopped();
      const second = await stack.run("other", ...UP);
      assert.notEqual(second.exitCode, 0, second.output);
      assert.match(second.output, LOCKED);
      assert.ok(!second.output.includes(server!.secret), "no secret is told");
      // Reading goes on meanwhile.
      await stack.done("other", "preview", "-s", "dev");

      stack.openGate();
      const { exitCode, all } = await first;
      assert.equal(exitCode, 0, all);
      await assertWhole();
      await destroy();
    });

    it("loses nothing when two updates start in the same moment", async () => {
      stack.openGate();
      const runs = await Promise.all([stack.run("one", ...UP), stack.run("other", ...UP)]);
      const refused = runs.filter(({ exitCode }) => exitCode !== 0);
      for (const { output } of refused) assert.match(output, /the stack is currently locked by/);
      // Where each saw the other's lock both have stepped back.
      await stack.done("one", ...UP);
      await assertWhole();
      await destroy();
    });

    it("is locked until somebody says so after an update that was killed, and goes on from there", async () => {
      const killed = stack.start("one", ...UP);
      await untilStopped();
      await kill(killed);
      stack.openGate();

      const refused = await stack.run("other", ...UP);
      assert.notEqual(refused.exitCode, 0, refused.output);
      assert.match(refused.output, LOCKED);
      await stack.done("other", "cancel", "--yes", "dev");
      await stack.done("other", ...UP);
      await assertWhole();
      await destroy();
    });
  });
}

describe("a key that can only read the state, on the real engine", function () {
  this.timeout(240_000);
  let store: StateServer;
  let gate: StateServer;
  let stack: SharedStack;

  before(async () => {
    store = await objectStore();
    gate = await readOnly(store);
    stack = await SharedStack.open(await sharedPlane(), store);
    stack.openGate();
    await stack.done("one", ...UP);
  });
  after(async () => {
    await stack?.done("one", "destroy", "--yes", "--skip-preview", "-s", "dev");
    await gate?.stop();
    await store?.stop();
    stack?.remove();
  });

  it("is enough for a preview", async () => {
    const preview = await stack.through(gate).done("other", "preview", "-s", "dev");
    assert.match(preview, /3 unchanged/);
  });

  it("isn't enough for an update", async () => {
    const { exitCode, output } = await stack.through(gate).run("other", ...UP);
    assert.notEqual(exitCode, 0, output);
    assert.match(output, /AccessDenied/);
  });
});
