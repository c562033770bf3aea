import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Part } from "./parts.js";

export const REPOSITORY = path.resolve(__dirname, "../..");

/** What a first build needs on disk at its peak (measured: docs/performance.md), in bytes. */
export const BUILD_SPACE = 12e9;

/** A mistake or a lack that a person can mend: its message is all that is shown. */
export class ToolchainError extends Error {}

/**
 * Where built tools are kept, outside every checkout: `$ISTIO_EGRESS_CACHE`, else
 * `$XDG_CACHE_HOME/istio-egress`, else `~/.cache/istio-egress`.
 */
export function cacheRoot(env: NodeJS.ProcessEnv = process.env): string {
  return (
    env.ISTIO_EGRESS_CACHE ??
    path.join(env.XDG_CACHE_HOME ?? path.join(os.homedir(), ".cache"), "istio-egress")
  );
}

/** Flags of every build: no debug information (a third of the cache), no paths of this machine. */
export const BUILD_FLAGS = ["-trimpath", "-gcflags=all=-dwarf=false"];

/**
 * The cache key of a part: everything that its binaries follow from. A changed pin, flag or source is
 * another key, so an old binary is never taken for a new one.
 */
export function partKey(part: Part): string {
  const hash = createHash("sha256");
  const moduleDir = path.join(__dirname, part.module);
  hash.update(
    JSON.stringify([part.binaries, part.variables, part.files, BUILD_FLAGS, process.arch]),
  );
  for (const file of ["go.mod", "go.sum"]) hash.update(readFileSync(path.join(moduleDir, file)));
  for (const source of part.sources ?? []) {
    hash.update(JSON.stringify(source));
    if (!source.module) hash.update(readFileSync(path.join(REPOSITORY, source.from)));
  }
  return hash.digest("hex").slice(0, 16);
}

/** The folder of a part's binaries; it exists only once all of them are whole. */
export function partFolder(part: Part, root = cacheRoot()): string {
  return path.join(root, "tools", `${part.name}-${partKey(part)}`);
}

/** Refuses to start a build that would run out of disk half-way. */
export function requireSpace(root: string, needed = BUILD_SPACE): void {
  mkdirSync(root, { recursive: true });
  const { bavail, bsize } = statfsSync(root);
  const free = bavail * bsize;
  if (free >= needed) return;
  const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  throw new ToolchainError(
    `the tool cache ${root} has ${gib(free)} free and a first build needs ${gib(needed)} for a while ` +
      `(about 1 GiB stays). Free some space, or name another folder with ISTIO_EGRESS_CACHE.`,
  );
}

/** Runs `work` while no other process builds into the same cache. */
export async function withCacheLock<T>(
  root: string,
  waiting: (pid: number) => void,
  work: () => Promise<T>,
): Promise<T> {
  const file = path.join(root, "build.lock");
  mkdirSync(root, { recursive: true });
  for (;;) {
    try {
      writeFileSync(file, String(process.pid), { flag: "wx" });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const pid = existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
    if (pid && !isAlive(pid)) {
      rmSync(file, { force: true });
      continue;
    }
    waiting(pid);
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Removes what an interrupted build left behind: half-copied parts (compiled packages are kept). */
export function removeHalfBuilt(root: string): void {
  const tools = path.join(root, "tools");
  if (!existsSync(tools)) return;
  for (const left of readdirSync(tools).filter((name) => name.endsWith(".partial"))) {
    rmSync(path.join(tools, left), { recursive: true, force: true });
  }
}
