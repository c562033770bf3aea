import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Mistake } from "./mistake.js";

/** Who holds a lock: a process id alone may have been given to a later process. */
interface Owner {
  pid: number;
  startTime: string;
}

/** How long to wait for others, and whom to tell about it. */
export interface LockOptions {
  /** Milliseconds. @default 120000 */
  patience?: number;
  /** Called once, when there is something to wait for. */
  onWait?: (pid: number) => void;
}

/**
 * Runs `work` while no other process holds the lock file. A lock whose owner has died is taken over.
 *
 * @throws {Mistake} when another live process still holds it after `patience`
 */
export async function withLock<T>(
  file: string,
  work: () => Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const deadline = Date.now() + (options.patience ?? 120_000);
  for (let waited = false; !tryLock(file); waited = true) {
    const owner = readOwner(file);
    if (owner && !isAlive(owner)) {
      takeOver(file, owner);
      continue;
    }
    if (Date.now() > deadline) {
      const holder = owner ? `process ${owner.pid}` : "another process";
      throw new Mistake(`${holder} still works on this plane (lock file ${file}).`);
    }
    if (!waited && owner) options.onWait?.(owner.pid);
    await sleep(100);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function tryLock(file: string): boolean {
  // A link appears at once with its content: nobody ever sees a lock without an owner.
  const draft = `${file}.${process.pid}.draft`;
  const owner = { pid: process.pid, startTime: startTime(process.pid) };
  writeFileSync(draft, JSON.stringify(owner), { mode: 0o600 });
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(draft);
  }
}

/** Only one process may remove a dead owner's lock, and only while it is still that owner's. */
function takeOver(file: string, dead: Owner): void {
  const claim = `${file}.${dead.pid}`;
  if (!tryLock(claim)) return;
  try {
    const owner = readOwner(file);
    if (owner?.pid === dead.pid && owner.startTime === dead.startTime) rmSync(file);
  } finally {
    rmSync(claim);
  }
}

/** Undefined when the owner has just removed it. */
function readOwner(file: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Owner;
  } catch {
    return undefined;
  }
}

function isAlive(owner: Owner): boolean {
  return startTime(owner.pid) === owner.startTime;
}

/** When a process was started, in the kernel's ticks; undefined when there is none. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the program's name and may hold spaces; the rest has none.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}
