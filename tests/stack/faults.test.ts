import assert from "node:assert/strict";
import { ensureToolchain } from "../../local/toolchain/index.js";
import { BEFORE } from "./faults/catalogues.js";
import { FaultyLife } from "./faults/life.js";
import { madeObjects } from "./faults/objects.js";
import { PlainStack } from "./faults/plain.js";
import type { Point } from "./faults/points.js";
import { sharedPlane } from "./sharedPlane.js";

/** A part of what `npm run faults` tries: what healed least before the commands healed it. */
const POINTS: readonly Point[] = [
  { phase: "first up", signal: "SIGKILL", victims: "tree", at: 0.7 },
  { phase: "change", signal: "SIGKILL", victims: "cli", at: 0.5 },
  { phase: "down", signal: "SIGKILL", victims: "group", at: 0.4 },
];

/** `npm run faults:plain` kills 12 times. */
const PLAIN_KILLS = Number(process.env.PLAIN_KILLS ?? 5);

describe("a command that is killed, on real parts", function () {
  this.timeout(600_000);

  let life: FaultyLife;
  before(async () => {
    await ensureToolchain();
    life = new FaultyLife();
    await life.measure();
  });
  after(() => life?.remove());

  for (const point of POINTS) {
    const { phase, signal, victims } = point;
    it(`${phase}, ${signal} to its ${victims}: the same command again heals it`, async () => {
      const { wrong, output } = await life.suffer(point);
      assert.deepEqual(wrong, [], output);
    });
  }
});

describe("a plain `pulumi up` that is killed, on real parts", function () {
  this.timeout(900_000);

  it("is healed by cancel, a refresh that drops pending creates, and up", async () => {
    const on = await sharedPlane();
    const before = await madeObjects(on.plane.kubeconfig);
    const stack = await PlainStack.open(on, BEFORE);
    let killed = 0;
    for (let kill = 0; kill < PLAIN_KILLS; kill++) {
      if (await stack.killedUp(2 + (4 * kill) / (PLAIN_KILLS - 1))) killed++;
      assert.equal(await stack.type("cancel", "--yes"), undefined);
    }
    assert.ok(killed > PLAIN_KILLS / 3, `${killed} of ${PLAIN_KILLS} were killed`);
    const refresh = await stack.type(
      "refresh",
      "--yes",
      "--skip-preview",
      "--clear-pending-creates",
    );
    assert.equal(refresh, undefined);
    assert.equal(stack.pending(), 0);
    assert.equal(await stack.type("up", "--yes", "--skip-preview"), undefined);
    assert.equal(stack.pending(), 0);
    const made = Object.keys(await madeObjects(on.plane.kubeconfig)).filter(
      (key) => !(key in before),
    );
    for (const { name } of BEFORE.aliases)
      assert.ok(made.includes(`v1/Service default/${name as string}`));
    assert.equal(await stack.type("destroy", "--yes", "--skip-preview"), undefined);
    assert.deepEqual(await madeObjects(on.plane.kubeconfig), before);
  });
});
