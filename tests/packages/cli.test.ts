import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import { REPOSITORY } from "../../local/toolchain/cache.js";
import { archives, hasRegistry, stranger } from "./archives.js";

describe("the command in a stranger's folder", function () {
  this.timeout(600_000);
  let folder: string;

  before(async function () {
    if (!(await hasRegistry())) this.skip();
    const { cli } = await archives();
    folder = await stranger({ "istio-egress-cli": cli });
  });

  const istioEgress = (args: readonly string[]) =>
    execa("npx", ["istio-egress", ...args], { cwd: folder, reject: false });

  it("brings no package but itself", async () => {
    const { stdout } = await execa("npm", ["ls", "--all", "--parseable"], { cwd: folder });
    assert.equal(stdout.split("\n").length, 2);
  });

  it("says which version it is", async () => {
    const { stdout } = await istioEgress(["--version"]);
    assert.match(stdout, /^\d+\.\d+\.\d+$/);
  });

  it("judges as the command in a clone does", async () => {
    const file = path.join(REPOSITORY, "examples/wildcard.yaml");
    const here = await istioEgress(["judge", "-f", file]);
    const clone = await execa("node", ["cli/launch.cjs", "judge", "-f", file], {
      cwd: REPOSITORY,
      reject: false,
    });
    assert.equal(here.exitCode, 1);
    assert.equal(here.stdout, clone.stdout);
    assert.equal(clone.exitCode, 1);
  });

  for (const format of ["table", "markdown", "json", "sarif", "mermaid", "svg"]) {
    it(`shows a posture as ${format}`, async () => {
      const file = path.join(REPOSITORY, "examples/task.yaml");
      const { stdout, exitCode } = await istioEgress(["posture", "-f", file, "--format", format]);
      assert.equal(exitCode, 0);
      // In SVG a hyphen is an entity.
      assert.match(stdout, /my(-|&#45;)httpbin/);
    });
  }

  it("says that --embedded needs a clone", async () => {
    for (const file of ["Pulumi.yaml", "Pulumi.dev.yaml"]) {
      writeFileSync(path.join(folder, file), "name: stranger\nruntime: nodejs\n");
    }
    const { stderr, exitCode } = await istioEgress(["posture", "--stack", "dev", "--embedded"]);
    assert.match(stderr, /--embedded builds its tools from the repository/);
    assert.equal(exitCode, 2);
  });
});
