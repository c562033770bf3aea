/** `npm run test:istio`: the task's stack and staging on the oldest and the newest istiod that we can run. */
import assert from "node:assert/strict";
import { ISTIO_VERSION, OLDER_ISTIO_VERSIONS } from "../../local/toolchain/parts.js";
import { Checkout } from "./checkout.js";

const [oldest] = OLDER_ISTIO_VERSIONS;

for (const version of [oldest, ISTIO_VERSION]) {
  describe(`stacks on the embedded mesh of Istio ${version}`, function () {
    // The first of them may have to build its istiod.
    this.timeout(1_800_000);

    let checkout: Checkout;
    before(() => (checkout = new Checkout()));
    after(() => checkout?.remove());

    const run = async (script: string, ...args: string[]) => {
      const { exitCode, output } = await checkout.run(script, ...args);
      assert.equal(exitCode, 0, output);
      return output;
    };

    for (const stack of ["dev", "staging"]) {
      it(`brings up ${stack}, and verifies it`, async () => {
        const output = await run("up", "--istio", version, "--stack", stack);
        assert.match(
          output,
          new RegExp(`^All \\d+ are as Pulumi\\.${stack}\\.yaml declares\\.$`, "m"),
        );
        assert.equal((await checkout.plane()).istioVersion, version);
      });

      it(`changes nothing of ${stack} the second time`, async () => {
        assert.match(await run("up", "--istio", version, "--stack", stack), /^ +\d+ unchanged$/m);
      });

      it(`verifies ${stack} again`, async () => {
        const { ok, cluster } = JSON.parse(
          await run("verify", "--stack", stack, "--json"),
        ) as Record<string, unknown>;
        const of = version === ISTIO_VERSION ? "" : ` of Istio ${version}`;
        assert.deepEqual({ ok, cluster }, { ok: true, cluster: `the embedded mesh${of}` });
      });

      if (stack === "dev") {
        it("refuses another version beside it, and says what to do", async () => {
          const other = version === oldest ? ISTIO_VERSION : oldest;
          const { exitCode, output } = await checkout.run("up", "--istio", other);
          assert.equal(exitCode, 2, output);
          assert.match(output, new RegExp(`runs Istio ${version.replace(".", "\\.")}, and this`));
          assert.match(output, /npm run down/);
        });
      }

      it(`destroys ${stack}, and the mesh`, async () => {
        assert.match(await run("down"), /no process, port or file is left/);
      });
    }
  });
}
