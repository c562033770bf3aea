/**
 * Builds the pack: policies/dist is a folder that any Pulumi program, in any language, can load with
 * `--policy-pack`. Nothing needs to be installed in it or beside it.
 *
 *   index.js       the rules, the mesh model and the policy SDK in one CommonJS file
 *   node_modules/  the runner that the engine looks for, from the pack's folder upward
 *
 * The SDK's own runner loads TypeScript and ts-node before it looks at the pack; ours loads the
 * pack. And of `@pulumi/pulumi` the policy SDK needs assets, outputs and the protocol, but loads
 * all of it: it is given just those modules. Together that is a fifth of the
 * work that an empty pack costs under the SDK's runner.
 */
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const policies = dirname(fileURLToPath(import.meta.url));
const root = dirname(policies);
const pack = join(policies, "dist");
const written = [];
const started = Date.now();

/** What `@pulumi/policy` uses of the package's index. */
const sdkInPart = {
  name: "sdk-in-part",
  setup(bundle) {
    bundle.onResolve({ filter: /^@pulumi\/pulumi$/ }, ({ resolveDir }) => ({
      path: "index",
      namespace: "sdk-in-part",
      pluginData: resolveDir,
    }));
    bundle.onLoad({ filter: /.*/, namespace: "sdk-in-part" }, ({ pluginData }) => ({
      contents: `exports.asset = require("@pulumi/pulumi/asset");
                 exports.Output = require("@pulumi/pulumi/output").Output;`,
      resolveDir: pluginData,
    }));
  },
};

/** Appears at once with its content: an engine may be loading the pack at this very moment. */
async function write(file, content) {
  await mkdir(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}.draft`;
  await writeFile(draft, content);
  await rename(draft, file);
  written.push(relative(root, file));
}

/** Newer engines load the first, older ones the second. */
const RUNNERS = ["run-plugin", "run-policy-pack"];

/** Puts the runner where the engine looks for it when it loads the pack from a folder. */
async function writeRunners(folder, main) {
  for (const runner of RUNNERS) {
    const place = join(folder, "node_modules/@pulumi/pulumi/cmd", runner);
    await write(join(place, "index.js"), `require("../../../../../${main}");\n`);
  }
}

const bundled = await build({
  // By its name alone: an asterisk in the path of the checkout would be a pattern.
  entryPoints: ["policies/index.ts"],
  absWorkingDir: root,
  outfile: join(pack, "index.js"),
  write: false,
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node20",
  minify: true,
  keepNames: true,
  legalComments: "eof",
  // Loaded only when a function is serialised, which no policy does.
  external: ["typescript", "ts-node"],
  metafile: true,
  plugins: [sdkInPart],
  logLevel: "warning",
}).catch(() => process.exit(1)); // What is wrong, it has said.
for (const { path, contents } of bundled.outputFiles) await write(path, contents);

const { name, version, description, license, dependencies } = JSON.parse(
  await readFile(join(policies, "package.json"), "utf8"),
);
const manifest = {
  ...{ name, version, description, license },
  main: "index.js",
  // What is published goes without node_modules; npm installs the SDK for its runner.
  dependencies: { "@pulumi/pulumi": dependencies["@pulumi/pulumi"] },
};
await write(join(pack, "package.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
const project = await readFile(join(policies, "PulumiPolicy.yaml"), "utf8");
await write(join(pack, "PulumiPolicy.yaml"), project.replace("main: dist/index.js\n", ""));
await writeRunners(pack, "index.js");
// `--policy-pack policies`, in this repository, is the same pack.
await writeRunners(policies, "dist/index.js");

// What the pack follows from, and what it is, so that it is built again only when one of them is another.
const sources = [
  ...Object.keys(bundled.metafile.inputs).filter((file) => !file.startsWith("sdk-in-part:")),
  ...["policies/build.mjs", "policies/package.json", "policies/PulumiPolicy.yaml", "tsconfig.json"],
  "node_modules/esbuild/package.json",
];
const isSettled = async (file) => (await stat(join(root, file))).mtimeMs < started;
// A source that was written meanwhile may be bundled as it was before.
if ((await Promise.all(sources.map(isSettled))).every(Boolean)) {
  const hashes = [...sources, ...written].map(async (file) => {
    const content = await readFile(join(root, file));
    return [file, createHash("sha256").update(content).digest("hex")];
  });
  const record = JSON.stringify(Object.fromEntries(await Promise.all(hashes)));
  await write(join(root, "node_modules/.cache/istio-egress/policy-pack.json"), record);
}
