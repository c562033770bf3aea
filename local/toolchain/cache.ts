import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  statfsSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { Mistake } from "../mistake.js";
import type { ToolPart } from "./parts.js";

/** The folder of this repository or, in the published command, of its package. */
export const REPOSITORY = path.resolve(__dirname, "../..");

/** Whether the sources of the tools are here, which the published command hasn't. */
export function isClone(): boolean {
  return existsSync(path.join(REPOSITORY, "local/toolchain"));
}

/** What a first build needs on disk at its peak (measured: docs/performance.md), in bytes. */
const BUILD_SPACE = 18e9;

/** A tool that can't be had: what is missing for it, or why its build failed. */
export class ToolchainError extends Mistake {}

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

/**
 * Flags of every build: no paths of this machine; no validators of Envoy's messages, as in Istio's own
 * releases; no debug information (a third of the cache); no inlining in the provider's Go SDK, a quarter
 * of all the compiling, of which nothing runs but for the provider's charts and YAML files.
 */
export const BUILD_FLAGS = [
  "-trimpath",
  "-tags=disable_pgv",
  "-gcflags=all=-dwarf=false",
  "-gcflags=github.com/pulumi/pulumi-kubernetes/sdk/v4/...=-dwarf=false -l",
];

/**
 * The cache key of a part: everything that its binaries follow from. A changed pin, flag or source is
 * another key, so an old binary is never taken for a new one.
 */
export function partKey(part: ToolPart): string {
  const hash = createHash("sha256");
  const moduleDir = path.join(REPOSITORY, part.module);
  hash.update(
    JSON.stringify([part.binaries, part.variables, part.files, BUILD_FLAGS, process.arch]),
  );
  for (const file of ["go.mod", "go.sum"]) hash.update(readFileSync(path.join(moduleDir, file)));
  for (const source of part.sources ?? []) {
    hash.update(JSON.stringify(source));
    for (const file of source.module ? [] : filesBelow(path.join(REPOSITORY, source.from))) {
      hash.update(path.relative(REPOSITORY, file)).update(readFileSync(file));
    }
  }
  return hash.digest("hex").slice(0, 16);
}

function filesBelow(place: string): string[] {
  if (!statSync(place).isDirectory()) return [place];
  return readdirSync(place)
    .sort()
    .flatMap((name) => filesBelow(path.join(place, name)));
}

/** The folder of a part's binaries; it exists only once all of them are whole. */
export function partFolder(part: ToolPart, root = cacheRoot()): string {
  return path.join(root, "tools", `${part.name}-${partKey(part)}`);
}

/** Whether all of a part is in the cache: a file of it may have been removed. */
export function isBuilt(part: ToolPart, root = cacheRoot()): boolean {
  const folder = partFolder(part, root);
  const files = (part.files ?? []).map(({ to }) => path.join(folder, to));
  const programs = part.binaries.map(({ name }) => path.join(folder, name));
  return files.every((file) => existsSync(file)) && programs.every(isProgram);
}

function isProgram(file: string): boolean {
  if (!existsSync(file)) return false;
  const found = statSync(file);
  return found.isFile() && found.size > 0 && (found.mode & 0o100) !== 0;
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

/** The lock that a process holds while it builds into a cache. */
export function cacheLock(root: string): string {
  return path.join(root, "build.lock");
}

/** Removes what an interrupted build left behind: half-copied parts (compiled packages are kept). */
export function removeHalfBuilt(root: string): void {
  const tools = path.join(root, "tools");
  if (!existsSync(tools)) return;
  for (const left of readdirSync(tools).filter((name) => name.endsWith(".partial"))) {
    rmSync(path.join(tools, left), { recursive: true, force: true });
  }
}
