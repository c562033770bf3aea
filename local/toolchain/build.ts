import { cpSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { execa } from "execa";
import { BUILD_FLAGS, REPOSITORY, ToolchainError, partFolder } from "./cache.js";
import type { ToolPart, SourceFile } from "./parts.js";
import { type Package, portions } from "./portions.js";

/** Where Go keeps what it downloads and compiles for us; dropped when every part is built. */
export function buildFolder(root: string): string {
  return path.join(root, "build");
}

/** Where a build works, and how it is stopped. */
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

async function go(
  args: string[],
  cwd: string,
  { root, signal }: Workplace,
  options: { env?: NodeJS.ProcessEnv; isProgress?: (line: string) => boolean } = {},
): Promise<string> {
  const result = await execa("go", args, {
    cwd,
    env: { ...goEnvironment(root), ...options.env },
    extendEnv: false,
    cancelSignal: signal,
    reject: false,
    all: true,
    stderr: function* (line: unknown) {
      if (!options.isProgress?.(String(line))) yield line;
    },
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

/** Fetches every module that a folder of `local/toolchain` pins. */
export async function download(module: ToolPart["module"], place: Workplace): Promise<void> {
  await go(["mod", "download"], workFolder(module, place.root), place);
}

/** Every package that parts of one module are made of, Go's own among them. */
export async function packagesOf(parts: readonly ToolPart[], place: Workplace): Promise<Package[]> {
  const work = await prepare(parts, place);
  const line =
    "{{.ImportPath}}\t{{and (not .Standard) (ne .Name `main`)}}" +
    "{{$dir := .Dir}}{{range .GoFiles}}\t{{$dir}}/{{.}}{{end}}";
  const packages = parts.flatMap((part) => part.binaries.map((binary) => binary.package));
  const listed = await go(["list", ...BUILD_FLAGS, "-deps", "-f", line, ...packages], work, place);
  return listed.split("\n").map((text) => {
    const [name, isNamed, ...files] = text.split("\t");
    const size = files.reduce((sum, file) => sum + statSync(file).size, 0);
    return { path: name!, size, isNamed: isNamed === "true" };
  });
}

/**
 * Builds parts of one module together and puts each in the cache, whole or not at all.
 * @param packages what they are made of
 * @param onPackage is called with each of those that isn't compiled yet, when the compiler begins with it
 */
export async function buildParts(
  parts: readonly ToolPart[],
  packages: readonly Package[],
  place: Workplace,
  onPackage: (compiled: Package) => void,
): Promise<void> {
  const work = await prepare(parts, place);
  const out = path.join(work, "out");
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out);
  const binaries = parts.flatMap((part) => part.binaries);
  const known = new Map(packages.map((one) => [one.path, one]));
  const compile = (args: string[]) =>
    go(["build", "-v", `-p=${os.availableParallelism()}`, ...BUILD_FLAGS, ...args], work, place, {
      env: COMPILER_ENVIRONMENT,
      isProgress: (line) => {
        const compiled = known.get(line);
        if (compiled) onPackage(compiled);
        return compiled !== undefined;
      },
    });
  for (const portion of portions(packages)) {
    const named = portion.filter(({ isNamed }) => isNamed).map((one) => one.path);
    if (named.length > 0) await compile(named);
  }
  const programs = binaries.map((binary) => binary.package);
  await compile([...parts.flatMap(linkerFlags), `-o=${out}/`, ...programs]);
  for (const part of parts) await putInCache(part, out, work, place);
}

/**
 * One compiler for each core is at work all the time, so none should use a second core: its collector of
 * garbage works on every core that it takes for idle, and takes it from the others. It collects less
 * often, too (docs/performance.md has the figures).
 */
const COMPILER_ENVIRONMENT = { GOMAXPROCS: "1", GOGC: "400" };

/** `-ldflags` for each program of a part: no symbols, and the versions that it reports. */
function linkerFlags({ binaries, variables = {} }: ToolPart): string[] {
  const flags = Object.entries(variables).map(([key, value]) => `-X ${key}=${value}`);
  return binaries.map((binary) => `-ldflags=${binary.package}=${["-s", "-w", ...flags].join(" ")}`);
}

async function putInCache(
  part: ToolPart,
  out: string,
  work: string,
  place: Workplace,
): Promise<void> {
  const target = partFolder(part, place.root);
  const partial = `${target}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  for (const binary of part.binaries) {
    renameSync(path.join(out, programName(binary.package)), path.join(partial, binary.name));
  }
  await copy(part.files ?? [], partial, work, place);
  rmSync(target, { recursive: true, force: true });
  renameSync(partial, target);
}

/** What `go build` calls the program of a package: its last element that isn't a major version. */
function programName(packagePath: string): string {
  return path.basename(packagePath.replace(/\/v\d+$/, ""));
}

/** The work folder of the parts' module, with their sources in it. */
async function prepare(parts: readonly ToolPart[], place: Workplace): Promise<string> {
  const work = workFolder(parts[0]!.module, place.root);
  for (const part of parts) await copy(part.sources ?? [], work, work, place);
  return work;
}

/** A copy of a module's folder, so that a build never writes into the checkout. */
function workFolder(module: ToolPart["module"], root: string): string {
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
