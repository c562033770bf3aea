/**
 * Builds what is published, each package in a folder of its own below dist/, and packs it:
 *
 *   dist/istio-egress           the components and the mesh model: CommonJS with types
 *   dist/istio-egress-policies  the policy pack, in one file
 *   dist/istio-egress-cli       the command, in one file, with the pack beside it
 *   dist/istio-egress-plugin    the components as a plugin for programs in other languages, in one file
 *
 * The sources' own folders can't be packed by mistake: their manifests have no version, which npm
 * refuses. No npm lifecycle script is needed, because this repository's .npmrc ignores them all.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const dist = join(root, "dist");

function readJson(...path) {
  return JSON.parse(readFileSync(join(...path), "utf8"));
}

function run(...args) {
  execFileSync(process.execPath, args, { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
}

/** Writes what every package has: its whole manifest, the text for people, the licence. */
function finish(folder, manifest, readme) {
  const { name, description, ...rest } = manifest;
  const { version, ...common } = readJson(here, "common.json");
  const whole = { name, version, description, ...common, ...rest };
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(whole, undefined, 2)}\n`);
  cpSync(readme, join(folder, "README.md"));
  cpSync(join(root, "LICENSE"), join(folder, "LICENSE"));
}

/** A range in a manifest begins with the version that the tests run with. */
function checkRanges({ dependencies = {} }) {
  const tested = readJson(root, "package.json").dependencies;
  for (const [name, range] of Object.entries(dependencies)) {
    if (range === `^${tested[name]}`) continue;
    throw new Error(`packages/: ${name} is ${range}; write ^${tested[name]}, which is tested`);
  }
}

function buildLibrary() {
  const manifest = readJson(here, "library/package.json");
  const folder = join(dist, manifest.name);
  checkRanges(manifest);
  run(join(root, "node_modules/typescript/bin/tsc"), "-p", join(here, "library"));
  // Module resolution without `exports` finds the folder's own index.
  writeFileSync(join(folder, "index.js"), 'module.exports = require("./components/index.js");\n');
  writeFileSync(join(folder, "index.d.ts"), 'export * from "./components/index.js";\n');
  finish(folder, manifest, join(here, "library/README.md"));
  return folder;
}

async function buildPack() {
  const { name, description } = readJson(root, "policies/package.json");
  const folder = join(dist, name);
  run(join(root, "policies/build.mjs"));
  const built = join(root, "policies/dist");
  mkdirSync(folder, { recursive: true });
  for (const file of ["index.js", "PulumiPolicy.yaml"])
    cpSync(join(built, file), join(folder, file));
  const { main, dependencies } = readJson(built, "package.json");
  const peers = readJson(here, "library/package.json").peerDependencies;
  const peerDependencies = Object.fromEntries(
    Object.keys(dependencies).map((dependency) => [dependency, peers[dependency]]),
  );
  finish(folder, { name, description, main, peerDependencies }, join(here, "policies/README.md"));
  return folder;
}

async function buildCli(pack) {
  const manifest = readJson(here, "cli/package.json");
  const folder = join(dist, manifest.name);
  const { metafile } = await build({
    entryPoints: [join(root, "cli/published.ts")],
    outfile: join(folder, manifest.bin["istio-egress"]),
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    minify: true,
    keepNames: true,
    banner: { js: "#!/usr/bin/env node" },
    legalComments: "none",
    metafile: true,
    logLevel: "warning",
  });
  writeFileSync(join(folder, "THIRD-PARTY-NOTICES.txt"), notices(Object.keys(metafile.inputs)));
  cpSync(pack, join(folder, "policies"), { recursive: true });
  finish(folder, manifest, join(here, "cli/README.md"));
  return folder;
}

async function buildPlugin() {
  const manifest = readJson(here, "plugin/package.json");
  const folder = join(dist, manifest.name);
  checkRanges(manifest);
  const { metafile } = await build({
    stdin: {
      contents: 'require("./components/plugin/provider.ts").serve();',
      resolveDir: root,
    },
    outfile: join(folder, "index.js"),
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    keepNames: true,
    // The engine fetches the Kubernetes provider of the version that the bundled SDK has.
    external: ["@pulumi/pulumi"],
    legalComments: "none",
    metafile: true,
    logLevel: "warning",
  });
  writeFileSync(join(folder, "THIRD-PARTY-NOTICES.txt"), notices(Object.keys(metafile.inputs)));
  cpSync(join(here, "plugin/PulumiPlugin.yaml"), join(folder, "PulumiPlugin.yaml"));
  finish(folder, manifest, join(here, "plugin/README.md"));
  return folder;
}

/** The licences of the packages that a bundle has parts of. */
function notices(inputs) {
  const folders = new Set(
    inputs.flatMap((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? []),
  );
  return [...folders]
    .sort()
    .map((folder) => notice(join(root, folder)))
    .join("\n\n");
}

function notice(folder) {
  const { name, version, license } = readJson(folder, "package.json");
  const text = ["LICENSE", "LICENSE.md", "LICENSE.txt", "license", "LICENCE", "LICENSE-MIT"]
    .map((file) => readIfThere(join(folder, file)))
    .find((found) => found !== undefined);
  return `${name} ${version} (${license ?? "see its text"})\n\n${text ?? "It comes without a text."}`;
}

function readIfThere(file) {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    return undefined;
  }
}

/** @returns the archive's file name */
function pack(folder) {
  const args = ["pack", "--json", "--pack-destination", dist, folder];
  const answer = execFileSync("npm", args, { encoding: "utf8", cwd: root });
  return JSON.parse(answer)[0].filename;
}

rmSync(dist, { recursive: true, force: true });
const packFolder = await buildPack();
const folders = [buildLibrary(), packFolder, await buildCli(packFolder), await buildPlugin()];
for (const folder of folders) {
  console.log(join(relative(process.cwd(), dist), pack(folder)).split(sep).join("/"));
}
