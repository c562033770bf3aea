import { cpSync, mkdirSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import { BUILD_FLAGS, REPOSITORY, ToolchainError, partFolder } from "./cache.js";
import type { Part, SourceFile } from "./parts.js";

/** Where Go keeps what it downloads and compiles for us; dropped when every part is built. */
export function buildFolder(root: string): string {
  return path.join(root, "build");
}

/** Where a build works, and how it is told to stop. */
export interface Workplace {
  /** The cache that the results go into. */
  root: string;
  signal: AbortSignal;
}

function goEnvironment(root: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    GOCACHE: path.join(buildFolder(root), "packages"),
    GOMODCACHE: path.join(buildFolder(root), "modules"),
    // Our modules stand alone, whatever workspace or flags this machine has set up.
    GOWORK: "off",
    GOFLAGS: "-modcacherw",
    CGO_ENABLED: "0",
  };
}

async function go(args: string[], cwd: string, { root, signal }: Workplace): Promise<string> {
  const result = await execa("go", args, {
    cwd,
    env: goEnvironment(root),
    extendEnv: false,
    cancelSignal: signal,
    reject: false,
    all: true,
  });
  if (result.failed) throw goFailure(args, result);
  return result.stdout;
}

function goFailure(
  args: string[],
  result: { code?: string; all?: string; isTerminated?: boolean; message?: string },
): Error {
  if (result.code === "ENOENT") {
    return new ToolchainError(
      "Go isn't installed, and the tools that are missing here are built with it (once). " +
        "Install Go 1.26 or newer, or put the tools themselves on the PATH (README, section Tools).",
    );
  }
  if (result.isTerminated)
    return new ToolchainError("the build was interrupted; the next one goes on from there");
  const output = result.all ?? result.message ?? "";
  if (output.includes("no space left on device")) {
    return new ToolchainError(
      "the disk filled up while the tools were built. Free some space (docs/performance.md says how " +
        "much a build takes), or name another folder with ISTIO_EGRESS_CACHE; the next build goes on from there.",
    );
  }
  const tail = output.trim().split("\n").slice(-15).join("\n");
  return new ToolchainError(`go ${args[0]} failed:\n${tail}`);
}

/** Compiles what every program needs once, so that builds running side by side don't each do it. */
export async function buildStandardLibrary(place: Workplace): Promise<void> {
  await go(["build", ...BUILD_FLAGS, "std"], REPOSITORY, place);
}

/** Fetches every module that a folder of `local/toolchain` pins. */
export async function download(module: Part["module"], place: Workplace): Promise<void> {
  await go(["mod", "download"], workFolder(module, place.root), place);
}

/**
 * Builds one part and puts it in the cache, whole or not at all.
 * @returns the folder that holds its binaries
 */
export async function buildPart(part: Part, place: Workplace): Promise<string> {
  const work = workFolder(part.module, place.root);
  await copy(part.sources ?? [], work, work, place);

  const target = partFolder(part, place.root);
  const partial = `${target}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(path.join(partial, "out"), { recursive: true });
  const linkerFlags = Object.entries(part.variables ?? {}).map(
    ([key, value]) => `-X ${key}=${value}`,
  );
  await go(
    [
      "build",
      ...BUILD_FLAGS,
      `-ldflags=${["-s", "-w", ...linkerFlags].join(" ")}`,
      `-o=${path.join(partial, "out")}/`,
      ...part.binaries.map((binary) => binary.package),
    ],
    work,
    place,
  );
  for (const binary of part.binaries) {
    renameSync(
      path.join(partial, "out", programName(binary.package)),
      path.join(partial, binary.name),
    );
  }
  rmSync(path.join(partial, "out"), { recursive: true });
  await copy(part.files ?? [], partial, work, place);
  rmSync(target, { recursive: true, force: true });
  renameSync(partial, target);
  return target;
}

/** What `go build` calls the program of a package: its last element that isn't a major version. */
function programName(packagePath: string): string {
  return path.basename(packagePath.replace(/\/v\d+$/, ""));
}

/** A copy of a module's folder, so that a build never writes into the checkout. */
function workFolder(module: Part["module"], root: string): string {
  const work = path.join(buildFolder(root), "source", path.basename(module));
  mkdirSync(work, { recursive: true });
  for (const file of ["go.mod", "go.sum"]) {
    cpSync(path.join(REPOSITORY, module, file), path.join(work, file));
  }
  return work;
}

async function copy(
  files: SourceFile[],
  to: string,
  work: string,
  place: Workplace,
): Promise<void> {
  for (const file of files) {
    const base = file.module
      ? (await go(["list", "-m", "-f", "{{.Dir}}", file.module], work, place)).trim()
      : REPOSITORY;
    const destination = path.join(to, file.to);
    mkdirSync(path.dirname(destination), { recursive: true });
    rmSync(destination, { force: true, recursive: true });
    cpSync(path.join(base, file.from), destination, { recursive: true });
  }
}
