import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { REPOSITORY } from "../../local/toolchain/cache.js";

const FILES: Record<string, string> = {
  "program/Pulumi.yaml":
    "name: smallest\nmain: index.js\nruntime: { name: nodejs, options: { typescript: false } }\n",
  "program/package.json": '{ "name": "smallest", "version": "1.0.0" }',
  "program/Pulumi.smallest.yaml": "config: {}\n",
  "program/index.js":
    'const { Namespace } = require("@pulumi/kubernetes/core/v1");\n' +
    'new Namespace("one", { metadata: { name: "one" } });\n',
  "pack/PulumiPolicy.yaml": "runtime: nodejs\n",
  "pack/package.json": '{ "name": "empty", "version": "1.0.0", "main": "index.js" }',
  "pack/index.js":
    'const { PolicyPack } = require("@pulumi/policy");\n' +
    'new PolicyPack("empty", { policies: [] });\n',
};

/**
 * Writes the smallest program and pack there are: one Namespace in plain JavaScript, and an empty
 * compiled pack. What else is installed here they don't see.
 *
 * @returns their folders
 */
export function writeSmallest(folder: string): { program: string; pack: string } {
  for (const [file, text] of Object.entries(FILES)) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  }
  symlinkSync(path.join(REPOSITORY, "node_modules"), path.join(folder, "program/node_modules"));
  mkdirSync(path.join(folder, "pack/node_modules"));
  symlinkSync(
    path.join(REPOSITORY, "node_modules/@pulumi"),
    path.join(folder, "pack/node_modules/@pulumi"),
  );
  return { program: path.join(folder, "program"), pack: path.join(folder, "pack") };
}
