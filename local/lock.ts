import { linkSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { writePrivate } from "./files.js";
import { Mistake } from "./mistake.js";

/** Who holds a lock: a process id alone may have been given to a later process. */
interface Owner {
  pid: number;
  startTime: string;
}

/** How long to wait for others, and what to call meanwhile. */
export interface LockOptions {
  /** Milliseconds. @default 120000 */
  patience?: number;
  /** Called once, when there is something to wait for. */
  onWait?: (pid: number) => void;
}

const PAUSE_MS = 50;

/** The locks of this process: one that ends by `process.exit` gives them back, too. */
const held = new Set<string>();
process.on("exit", () => held.forEach((file) => rmSync(file, { force: true })));

/**
 * Runs `work` while no other process holds the lock file. A lock whose owner has died is taken over,
 * and so is a damaged one, which nobody can hold.
 *
 * @throws {Mistake} when another live process still holds it after `patience`
 */
export async function withLock<T>(
  file: string,
  work: () => Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  const deadline = Date.now() + (options.patience ?? 120_000);
  for (let reported = false; !tryLock(file); await sleep(PAUSE_MS)) {
    const content = readLock(file);
    if (content === undefined) continue;
    const owner = ownerIn(content);
    if (!owner || !isAlive(owner)) takeOver(file, content);
    else if (Date.now() > deadline) {
      throw new Mistake(`process ${owner.pid} still works on this plane (lock file ${file}).`);
    } else if (!reported) {
      reported = true;
      options.onWait?.(owner.pid);
    }
  }
  held.add(file);
  try {
    return await work();
  } finally {
    held.delete(file);
    rmSync(file, { force: true });
  }
}

function tryLock(file: string): boolean {
  // Its holder may just have removed its folder with it.
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  // A link appears at once with its content: nobody ever sees a lock without an owner.
  const draft = `${file}.${process.pid}.draft`;
  const owner = { pid: process.pid, startTime: startTime(process.pid) };
  try {
    writePrivate(draft, JSON.stringify(owner));
    linkSync(draft, file);
    return true;
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (["EEXIST", "ENOENT"].includes(code)) return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * Only one process may remove a lock that nobody holds, and only while it is still the same one: so
 * it locks the lock first. A process that did that and died is treated in the same way.
 */
function takeOver(file: string, content: string): void {
  const claim = `${file}.claim`;
  if (tryLock(claim)) {
    try {
      if (readLock(file) === content) rmSync(file, { force: true });
    } finally {
      rmSync(claim, { force: true });
    }
    return;
  }
  const claimed = readLock(claim);
  if (claimed === undefined) return;
  const claimant = ownerIn(claimed);
  if (!claimant || !isAlive(claimant)) takeOver(claim, claimed);
}

/** Undefined when it has just been removed. @throws {Mistake} where it is no file */
function readLock(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    if (code === "EISDIR") throw new Mistake(`${file} is a folder in a lock's place: remove it.`);
    throw error;
  }
}

/** Undefined where it is damaged, as a machine that lost its power leaves it. */
function ownerIn(content: string): Owner | undefined {
  try {
    const { pid, startTime } = JSON.parse(content) as Partial<Owner>;
    return typeof pid === "number" && typeof startTime === "string"
      ? { pid, startTime }
      : undefined;
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
    const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // One that has ended keeps its entry until its parent has read how.
    return state === "Z" || state === "X" ? undefined : fields[18];
  } catch {
    return undefined;
  }
}
