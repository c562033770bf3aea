import { spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
} from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Mistake } from "./mistake.js";

/**
 * Every process carries these in its environment. So the kernel is the record of what runs: it
 * can't be stale, survives a deleted state folder, and a recycled process id never carries them.
 */
const MARK = { plane: "ISTIO_EGRESS_PLANE", part: "ISTIO_EGRESS_PART" };

/** The variables that mark a process, and all that it starts, as a part of what is kept in a folder. */
export function markOf(plane: string, part: string): Record<string, string> {
  return { [MARK.plane]: plane, [MARK.part]: part };
}

/** A process of an embedded mesh. */
export interface RunningProcess {
  pid: number;
  /** The part's name, as it was given to {@link spawnProcess}. */
  name: string;
  command: string[];
  environment: Record<string, string>;
}

/** What to start and where its output goes. */
export interface ProcessOptions {
  name: string;
  command: readonly string[];
  /** The whole environment: nothing is inherited. */
  environment: Readonly<Record<string, string>>;
  /** The working directory. */
  home: string;
  /** Standard output and error; an older file is kept beside it as `<log>.previous`. */
  log: string;
}

/**
 * Starts a process that outlives this one, marked as a part of the plane.
 *
 * @returns its process id
 * @throws {Mistake} when the executable is missing or can't be run
 */
export async function spawnProcess(plane: string, options: ProcessOptions): Promise<number> {
  const [executable, ...args] = options.command;
  if (executable === undefined) throw new Error(`${options.name} has an empty command.`);
  mkdirSync(options.home, { recursive: true, mode: 0o700 });
  mkdirSync(dirname(options.log), { recursive: true, mode: 0o700 });
  if (existsSync(options.log)) renameSync(options.log, `${options.log}.previous`);
  const log = openSync(options.log, "w", 0o600);
  try {
    const child = spawn(executable, args, {
      cwd: options.home,
      detached: true,
      env: { ...options.environment, ...markOf(plane, options.name) },
      stdio: ["ignore", log, log],
    });
    return await new Promise<number>((resolve, reject) => {
      child.once("error", (cause) =>
        reject(new Mistake(`${options.name} can't be started: ${cause.message}`, { cause })),
      );
      child.once("spawn", () => {
        child.unref();
        resolve(child.pid as number);
      });
    });
  } finally {
    closeSync(log);
  }
}

/** The processes of one plane that run now (zombies don't count). */
export function runningProcesses(plane: string): RunningProcess[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map((entry) => readProcess(plane, Number(entry)))
    .filter((found) => found !== undefined);
}

/**
 * Whether this very process still runs, or still holds its ports and files: not a later one with
 * the same id.
 */
export function isRunning(plane: string, pid: number): boolean {
  return readProcess(plane, pid) !== undefined || isEnding(pid);
}

/**
 * The kernel takes a process's memory, and so its environment, before it closes its ports: in
 * between it is nobody's by its environment, but has no memory and a thread that hasn't ended.
 */
function isEnding(pid: number): boolean {
  if (hasMemory(pid) || /^Kthread:\s*1$/m.test(statusOf(`/proc/${pid}/status`))) return false;
  return entriesOf(`/proc/${pid}/task`).some((thread) =>
    /^State:\s*[^ZX\s]/m.test(statusOf(`/proc/${pid}/task/${thread}/status`)),
  );
}

/** Whether a process can still do something: one that is ending, or that nobody has waited for, can't. */
export function hasMemory(pid: number): boolean {
  return /^VmSize:/m.test(statusOf(`/proc/${pid}/status`));
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Empty for a thread that has gone: the others may still be ending. */
function statusOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function readProcess(plane: string, pid: number): RunningProcess | undefined {
  try {
    // A zombie's environment reads as empty, another user's not at all.
    const entries = nullSeparated(readFileSync(`/proc/${pid}/environ`, "utf8"));
    const { [MARK.plane]: owner, [MARK.part]: name, ...environment } = environmentOf(entries);
    if (owner !== plane || name === undefined) return undefined;
    const command = nullSeparated(readFileSync(`/proc/${pid}/cmdline`, "utf8"));
    return { pid, name, command, environment };
  } catch {
    return undefined;
  }
}

function environmentOf(entries: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    entries.map((entry) => [
      entry.slice(0, entry.indexOf("=")),
      entry.slice(entry.indexOf("=") + 1),
    ]),
  );
}

function nullSeparated(text: string): string[] {
  return text.split("\0").slice(0, -1);
}

/**
 * Ends processes: with SIGTERM, and after `grace` milliseconds with SIGKILL.
 *
 * @throws {Mistake} when one is still there after that
 */
export async function stopProcesses(
  plane: string,
  processes: readonly RunningProcess[],
  grace = 5_000,
): Promise<void> {
  for (const [signal, patience] of [
    ["SIGTERM", grace],
    ["SIGKILL", 5_000],
  ] as const) {
    const left = () => processes.filter(({ pid }) => isRunning(plane, pid));
    for (const { pid } of left()) signalProcess(pid, signal);
    const deadline = Date.now() + patience;
    while (left().length > 0 && Date.now() < deadline) await sleep(20);
    if (left().length === 0) return;
  }
  const names = processes.map(({ name, pid }) => `${name} (process ${pid})`).join(", ");
  throw new Mistake(`Can't end ${names}.`);
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** The last lines of a log; empty when there is none. */
export function lastLines(log: string, count = 12): string[] {
  if (!existsSync(log)) return [];
  return readFileSync(log, "utf8").trimEnd().split("\n").slice(-count);
}
