import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { execa } from "execa";
import { pulumi$ } from "../../local/engine.js";
import { ensureToolchain } from "../../local/toolchain/index.js";
import schema from "../../components/plugin/schema.json";
import { sharedPlane } from "../stack/sharedPlane.js";
import { TestStack } from "../stack/testStack.js";
import { archives, hasRegistry, withFiles } from "./archives.js";
import { RATES_CREATED } from "./rates.js";

const PLUGIN = "plugins/node_modules/istio-egress-plugin";

describe("the plugin, in a YAML program outside the repository", function () {
  this.timeout(600_000);
  let program: string;
  let stack: TestStack;

  before(async function () {
    if (!(await hasRegistry())) this.skip();
    program = mkdtempSync(path.join(os.tmpdir(), "istio-egress-yaml-"));
    withFiles(program, "yaml-program");
    const { plugin } = await archives();
    const install = [
      "install",
      "--prefix",
      "plugins",
      "--prefer-offline",
      "--no-audit",
      "--no-fund",
    ];
    await execa("npm", [...install, plugin], { cwd: program });
    const { binaries } = await ensureToolchain(["yaml-host"]);
    stack = await TestStack.open({ on: await sharedPlane(), program });
    const { environment } = stack.engine;
    Object.assign(environment, {
      PATH: [path.dirname(binaries["pulumi-language-yaml"]), environment.PATH].join(path.delimiter),
      npm_config_prefer_offline: "true",
    });
  });

  after(() => {
    if (program) rmSync(program, { recursive: true, force: true });
  });

  async function pulumi(...args: string[]): Promise<string> {
    const { stdout } = await pulumi$(stack.engine, args, { cwd: program });
    return String(stdout);
  }

  it("has the schema that is checked in", async () => {
    const read = JSON.parse(await pulumi("package", "get-schema", `./${PLUGIN}`)) as typeof schema;
    assert.deepEqual(withoutEmpty(read.resources), withoutEmpty(schema.resources));
    assert.deepEqual(withoutEmpty(read.types), withoutEmpty(schema.types));
  });

  it("is added to the program", async () => {
    await pulumi("package", "add", `./${PLUGIN}`);
    assert.match(
      readFileSync(path.join(program, "Pulumi.yaml"), "utf8"),
      /packages:\s+istio-egress:/,
    );
  });

  it("says in the preview what is wrong, and where", async () => {
    const file = path.join(program, "Pulumi.yaml");
    const sound = readFileSync(file, "utf8");
    writeFileSync(file, sound.replace("rates.example.com", "rates.example.com."));
    const { exitCode, errors } = await stack.preview({});
    writeFileSync(file, sound);
    assert.notEqual(exitCode, 0);
    assert.deepEqual(errors, [
      "istio-egress:aliases:EgressAlias resource 'rates' has a problem: EgressAlias \"rates\": externalName: " +
        '"rates.example.com." ends with a dot, which Istio never matches; write rates.example.com',
    ]);
  });

  it("creates the alias and its TLS objects, leaves them be, and deletes them", async () => {
    const up = await stack.up({});
    assert.equal(up.exitCode, 0, up.output);
    assert.deepEqual(up.changes, RATES_CREATED);
    assert.deepEqual(await stack.outputs(), { host: "rates.orders.svc.cluster.local" });
    const again = await stack.up({});
    assert.deepEqual(again.changes, [], again.output);
    const destroyed = await stack.destroy();
    assert.equal(destroyed.exitCode, 0, destroyed.output);
    assert.deepEqual(await stack.resources(), []);
  });
});

/** The engine leaves empty lists out. */
function withoutEmpty(value: unknown): unknown {
  const text = JSON.stringify(value, (_, inner: unknown) =>
    Array.isArray(inner) && inner.length === 0 ? undefined : inner,
  );
  return JSON.parse(text);
}
