import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { REPOSITORY } from "../../local/toolchain/cache.js";
import { runProgram } from "../program/program.js";

/** Registers the objects of a file, one after the other, without components. */
const PROGRAM = `
const { readFileSync } = require("node:fs");
const { CustomResource } = require("@pulumi/kubernetes/apiextensions/customResource.js");
const { Service } = require("@pulumi/kubernetes/core/v1/service.js");
const { Endpoints } = require("@pulumi/kubernetes/core/v1/endpoints.js");
const CLASSES = { Service, Endpoints };
for (const { name, inputs } of JSON.parse(readFileSync("objects.json", "utf8"))) {
  new (CLASSES[inputs.kind] ?? CustomResource)(name, inputs);
}
`;

/**
 * Writes a program that registers the same Kubernetes objects as ours with a catalogue, without
 * components.
 *
 * @returns how many they are
 */
export async function writeFlat(
  folder: string,
  stack: string,
  catalogue: unknown,
): Promise<number> {
  const { registrations } = await runProgram(catalogue, stack, { patience: 300_000 });
  const objects = registrations
    .filter(({ type }) => type.startsWith("kubernetes:"))
    .map(({ name, inputs }) => ({ name, inputs }));
  mkdirSync(folder, { recursive: true });
  const files: Record<string, string> = {
    "Pulumi.yaml":
      "name: flat\nmain: index.js\nruntime: { name: nodejs, options: { typescript: false } }\n",
    "package.json": '{ "name": "flat", "version": "1.0.0" }',
    [`Pulumi.${stack}.yaml`]: "config: {}\n",
    "index.js": PROGRAM,
    "objects.json": JSON.stringify(objects),
  };
  for (const [file, text] of Object.entries(files)) writeFileSync(path.join(folder, file), text);
  symlinkSync(path.join(REPOSITORY, "node_modules"), path.join(folder, "node_modules"));
  return objects.length;
}
