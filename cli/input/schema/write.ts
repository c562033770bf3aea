/**
 * Writes schemas.json from the CustomResourceDefinitions of the pinned Istio, as its istioctl
 * prints them: `npm run schemas`, after a new release is pinned. A test on real parts compares.
 */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import { loadAll } from "js-yaml";
import { ensureToolchain } from "../../../local/toolchain/index.js";
import { kindsOf, schemasJson } from "./crds.js";

/** What is kept in schemas.json, for the istioctl that is pinned. */
export async function pinnedSchemas(): Promise<string> {
  const { binaries } = await ensureToolchain(["istio"]);
  const { stdout } = await execa(
    binaries.istioctl,
    ["manifest", "generate", "--set", "profile=minimal"],
    {
      env: {},
      extendEnv: false,
    },
  );
  return schemasJson(kindsOf(loadAll(stdout)));
}

async function write(): Promise<void> {
  writeFileSync(path.join(__dirname, "schemas.json"), await pinnedSchemas());
}

if (require.main === module) void write();
