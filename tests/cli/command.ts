import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, symlinkSync } from "node:fs";
import path from "node:path";
import { text } from "node:stream/consumers";
import { CommanderError, type Command } from "commander";
import { ExitCode, Mistake } from "../../cli/mistake.js";

export const REPOSITORY = path.join(__dirname, "../..");

/** How a command ended and what it wrote. */
export interface Ending {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** What a process has beside its arguments. */
export interface Surroundings {
  /** Standard input. @default nothing */
  input?: string;
  env?: Record<string, string>;
}

/** Runs the real `istio-egress` as a person would, from the repository's root. */
export async function istioEgress(
  args: readonly string[],
  { input = "", env }: Surroundings = {},
): Promise<Ending> {
  const child = spawn(process.execPath, ["cli/launch.cjs", ...args], {
    cwd: REPOSITORY,
    // Whoever runs the tests may have a cluster; these must not find it.
    env: { ...process.env, KUBECONFIG: "", HOME: "/nonexistent", NO_COLOR: "1", ...env },
  });
  child.stdin.end(input);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close") as Promise<[number | null]>,
  ]);
  return { code, stdout, stderr };
}

/** The environment of a machine with Node and nothing else, and with no tool built yet. */
export function bareMachine(folder: string): Record<string, string> {
  const PATH = path.join(folder, "bin");
  mkdirSync(PATH);
  symlinkSync(process.execPath, path.join(PATH, "node"));
  return { PATH, ISTIO_EGRESS_CACHE: path.join(folder, "cache") };
}

/** A command ended as a person's mistake does. */
export function assertIsMistake({ code, stderr }: Ending, message: RegExp): void {
  assert.match(stderr, message);
  assert.doesNotMatch(stderr, /^\s+at /m, "no stack trace");
  assert.doesNotMatch(stderr, /error in istio-egress itself/);
  assert.equal(code, ExitCode.BadInput);
}

/** A command refuses its arguments: the same way out, without a process of its own. */
export async function assertRefuses(
  command: Command,
  args: readonly string[],
  message: RegExp,
): Promise<void> {
  let said = "";
  command.exitOverride().configureOutput({ writeErr: (text) => (said += text) });
  await assert.rejects(command.parseAsync(args, { from: "user" }), (error: Error) => {
    assert.ok(error instanceof Mistake || error instanceof CommanderError, String(error));
    assert.match(error instanceof Mistake ? error.message : said, message);
    return true;
  });
}
