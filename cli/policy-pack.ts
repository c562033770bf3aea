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
  if (isAsRecorded(RECORD, REPOSITORY)) return;
  const result = await execa(process.execPath, ["policies/build.mjs"], {
    cwd: REPOSITORY,
    reject: false,
    all: true,
  });
  if (result.failed) throw new Mistake(`the policy pack can't be built:\n${result.all}`);
}

/**
 * Whether each file has the content that a record says.
 * @param record hashes by file, in JSON; @param root the folder that the files are below
 */
export function isAsRecorded(record: string, root: string): boolean {
  const hash = (file: string) =>
    createHash("sha256")
      .update(readFileSync(path.join(root, file)))
      .digest("hex");
  try {
    const hashes = JSON.parse(readFileSync(path.join(root, record), "utf8")) as object;
    return Object.entries(hashes).every(([file, expected]) => hash(file) === expected);
  } catch {
    return false;
  }
}
