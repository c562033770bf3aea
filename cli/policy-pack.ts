import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import { REPOSITORY } from "../local/toolchain/cache.js";
import { Mistake } from "./mistake.js";

/** The folder of the policy pack, as `--policy-pack` takes it. */
export const POLICY_PACK = "policies";

/** Where the pack's build writes the hash of each file that the pack follows from, and of the pack. */
const RECORD = "node_modules/.cache/istio-egress/policy-pack.json";

/** Bundles the policy pack, unless it is there: what is enforced is what the sources say now. */
export async function buildPolicyPack(): Promise<void> {
  if (isBuilt()) return;
  const result = await execa(process.execPath, ["policies/build.mjs"], {
    cwd: REPOSITORY,
    reject: false,
    all: true,
  });
  if (result.failed) throw new Mistake(`the policy pack can't be built:\n${result.all}`);
}

/** Whether no file has another content than when the pack was built, and none is gone. */
function isBuilt(): boolean {
  const read = (file: string) => readFileSync(path.join(REPOSITORY, file));
  const hash = (file: string) => createHash("sha256").update(read(file)).digest("hex");
  try {
    const record = JSON.parse(read(RECORD).toString()) as Record<string, string>;
    return Object.entries(record).every(([file, expected]) => hash(file) === expected);
  } catch {
    return false;
  }
}
