import assert from "node:assert/strict";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";

const POLICIES = path.join(__dirname, "../../policies");

function manifest(folder: string): { version: string } {
  return JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")) as { version: string };
}

describe("the built pack", function () {
  this.timeout(60_000);
  let folder: string;
  let pack: string;

  before(async () => {
    await execa("node", [path.join(POLICIES, "build.mjs")]);
    folder = mkdtempSync(path.join(tmpdir(), "istio-egress-pack-"));
    pack = path.join(folder, "pack");
    cpSync(path.join(POLICIES, "dist"), pack, { recursive: true });
  });
  after(() => rmSync(folder, { recursive: true }));

  /** Starts the pack as the language host does and gives what it says first. */
  async function start(runner: string, { setup = "", pack: started = pack } = {}): Promise<string> {
    const script = path.join(folder, "setup.cjs");
    writeFileSync(script, setup);
    const running = execa("node", ["--require", script, runner, started, "127.0.0.1:1"], {
      cwd: folder,
      reject: false,
      timeout: 30_000,
    });
    for await (const line of running) {
      running.kill();
      await running;
      return String(line);
    }
    return (await running).stderr;
  }

  const runner = (name: string) =>
    path.join(pack, `node_modules/@pulumi/pulumi/cmd/${name}/index.js`);

  it("bears the version of what is published", () => {
    const { version } = JSON.parse(
      readFileSync(path.join(POLICIES, "../packages/common.json"), "utf8"),
    ) as { version: string };
    assert.equal(manifest(POLICIES).version, version);
    assert.equal(manifest(pack).version, version);
  });

  for (const name of ["run-plugin", "run-policy-pack"]) {
    it(`serves from a folder of its own, started by ${name}: nothing is installed above it`, async () => {
      assert.match(await start(runner(name)), /^\d+$/);
    });
  }

  it("serves from the folder of its sources as well", async () => {
    const own = path.join(POLICIES, "node_modules/@pulumi/pulumi/cmd/run-plugin/index.js");
    assert.match(await start(own), /^\d+$/);
  });

  it("serves under the SDK's own runner too", async () => {
    const own = path.join(POLICIES, "../node_modules/@pulumi/pulumi/cmd/run-plugin/index.js");
    assert.match(await start(own), /^\d+$/);
  });

  it("can be published: what npm packs of it serves once the SDK is installed beside it", async () => {
    const { stdout } = await execa("npm", ["pack", "--json", "--pack-destination", folder], {
      cwd: pack,
    });
    const [{ filename, files }] = JSON.parse(stdout) as [
      { filename: string; files: { path: string }[] },
    ];
    assert.deepEqual(files.map((file) => file.path).sort(), [
      "PulumiPolicy.yaml",
      "index.js",
      "package.json",
    ]);
    await execa("tar", ["-xzf", filename], { cwd: folder });
    const sdk = path.join(POLICIES, "../node_modules/@pulumi");
    mkdirSync(path.join(folder, "package/node_modules"));
    symlinkSync(sdk, path.join(folder, "package/node_modules/@pulumi"));
    const own = path.join(sdk, "pulumi/cmd/run-plugin/index.js");
    assert.match(await start(own, { pack: path.join(folder, "package") }), /^\d+$/);
  });

  it("loads neither TypeScript nor a provider's SDK: one file, and its version", async () => {
    // The port is what the pack says last, so the list of modules comes first.
    const log = `
      const log = console.log;
      console.log = () => log(JSON.stringify(Object.keys(require.cache)));`;
    const loaded = JSON.parse(await start(runner("run-plugin"), { setup: log })) as string[];
    const files = loaded
      .map((file) => path.relative(pack, file))
      .filter((file) => !file.includes("setup.cjs"));
    assert.deepEqual(files.sort(), [
      "index.js",
      "node_modules/@pulumi/pulumi/cmd/run-plugin/index.js",
      "package.json",
    ]);
  });
});
