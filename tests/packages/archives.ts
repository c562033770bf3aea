import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { execa } from "execa";
import { REPOSITORY } from "../../local/toolchain/cache.js";

/** The archives of what is published, made as README says. */
export interface Archives {
  library: string;
  policies: string;
  cli: string;
  plugin: string;
}

let made: Promise<Archives> | undefined;

/** Builds and packs once for all test files of one run. */
export function archives(): Promise<Archives> {
  return (made ??= make());
}

async function make(): Promise<Archives> {
  const { stdout } = await execa("npm", ["run", "--silent", "package"], { cwd: REPOSITORY });
  const files = stdout.split("\n").map((file) => path.join(REPOSITORY, file));
  const [library, policies, cli, plugin] = files;
  return { library: library!, policies: policies!, cli: cli!, plugin: plugin! };
}

const folders: string[] = [];

/**
 * A program of someone else's, with nothing of this repository: npm installs it from the archives
 * and the registry.
 *
 * @param dependencies versions, or paths of archives
 */
export async function stranger(dependencies: Record<string, string>): Promise<string> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "istio-egress-stranger-"));
  folders.push(folder);
  const manifest = { name: "stranger", version: "1.0.0", private: true, dependencies };
  writeFileSync(path.join(folder, "package.json"), JSON.stringify(manifest));
  await execa("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund"], { cwd: folder });
  return folder;
}

/** Puts the files of a folder of the tests into a stranger's program. */
export function withFiles(folder: string, from: string): void {
  mkdirSync(folder, { recursive: true });
  cpSync(path.join(__dirname, from), folder, { recursive: true });
}

/** What strangers need of the registry is cached after the first time; without either they can't be played. */
export async function hasRegistry(): Promise<boolean> {
  const { failed } = await execa("npm", ["ping", "--fetch-retries=0", "--fetch-timeout=10000"], {
    reject: false,
  });
  return !failed;
}

// Outside any describe, so after everything.
after(function () {
  // Each has two SDKs in it, some ten thousand files.
  this.timeout(120_000);
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
