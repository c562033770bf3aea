import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import { parse } from "yaml";
import { REPOSITORY } from "../../local/toolchain/cache.js";
import common from "../../packages/common.json";
import { archives, hasRegistry } from "./archives.js";

interface Workflow {
  jobs: Record<string, { steps: { run?: string }[] }>;
}

const FILE = path.join(REPOSITORY, ".github/workflows/release.yml");
const { rehearse } = (parse(readFileSync(FILE, "utf8")) as Workflow).jobs;
const commands = rehearse!.steps.flatMap(({ run }) => run ?? []);

function stepWith(text: string): string {
  const found = commands.filter((command) => command.includes(text));
  assert.equal(found.length, 1, text);
  return found[0]!;
}

async function typed(command: string, env: Record<string, string> = {}) {
  return execa("bash", ["-e", "-o", "pipefail", "-c", command], {
    cwd: REPOSITORY,
    env,
    reject: false,
    all: true,
  });
}

describe("the rehearsal of a release, step by step as the workflow has it", function () {
  this.timeout(600_000);

  it("has the steps that are run here", () => {
    assert.deepEqual(
      commands.map((command) => command.split("\n")[0]),
      [
        "npm ci",
        "node packages/check-version.mjs",
        "npm run package",
        "for package in istio-egress istio-egress-policies istio-egress-cli istio-egress-plugin; do",
      ],
    );
  });

  const tag = (name: string) => ({ GITHUB_REF_TYPE: "tag", GITHUB_REF_NAME: name });

  it("accepts the version's own tag, and a start by hand", async () => {
    for (const env of [tag(`v${common.version}`), { GITHUB_REF_TYPE: "branch" }]) {
      const { exitCode, all } = await typed(stepWith("check-version"), env);
      assert.equal(exitCode, 0, all);
    }
  });

  it("refuses another tag", async () => {
    const { exitCode, all } = await typed(stepWith("check-version"), tag("v99.0.0"));
    assert.equal(exitCode, 1);
    assert.match(all, /the tag is v99\.0\.0, packages\/common\.json says/);
  });

  it("says what npm would publish of each package, with provenance", async function () {
    if (!(await hasRegistry())) this.skip();
    await archives(); // npm run package
    const publish = stepWith("npm publish");
    assert.match(publish, /--dry-run --provenance --access public/);
    const { exitCode, all } = await typed(publish);
    assert.equal(exitCode, 0, all);
    const published = all.split("\n").filter((line) => line.startsWith("+ "));
    assert.deepEqual(
      published,
      ["istio-egress", "istio-egress-policies", "istio-egress-cli", "istio-egress-plugin"].map(
        (name) => `+ ${name}@${common.version}`,
      ),
    );
  });
});
