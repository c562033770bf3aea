import { readFileSync, readdirSync } from "node:fs";

/** What the processes of one kind took. */
export interface Taken {
  /** Seconds of the processor, for the program and the kernel. */
  seconds: number;
  /** The most memory that one of them had at a time, in MB. */
  megabytes: number;
}

/** The kinds of processes that a `pulumi` command is made of. */
export const KINDS = ["engine", "program", "pack", "provider", "other"] as const;
export type Kind = (typeof KINDS)[number];

/** Clock ticks of Linux's /proc. */
const TICKS_PER_SECOND = 100;
const EVERY_MS = 100;

/** Watches a process and all that it starts, in Linux's /proc, until it is told to stop. */
export function watchProcesses(root: number): { stop: () => Record<Kind, Taken> } {
  const seen = new Map<number, Taken & { kind: Kind }>();
  const look = () => {
    for (const process of descendants(root)) {
      const { pid, command } = process;
      const before = seen.get(pid);
      // A process that has ended has no command any more, and still has its times.
      const kind = command === "" && before ? before.kind : kindOf(command);
      seen.set(pid, { ...takenBy(pid, before), kind });
    }
  };
  look();
  const timer = setInterval(look, EVERY_MS);
  return {
    stop: () => {
      clearInterval(timer);
      const sum = (kind: Kind): Taken => {
        const own = [...seen.values()].filter((one) => one.kind === kind);
        return {
          seconds: own.reduce((total, { seconds }) => total + seconds, 0),
          megabytes: Math.max(0, ...own.map(({ megabytes }) => megabytes)),
        };
      };
      return Object.fromEntries(KINDS.map((kind) => [kind, sum(kind)])) as Record<Kind, Taken>;
    },
  };
}

interface Process {
  pid: number;
  parent: number;
  command: string;
}

function descendants(root: number): Process[] {
  const all = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name): Process[] => {
      const stat = textOf(`/proc/${name}/stat`);
      if (stat === undefined) return [];
      const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
      return [{ pid: Number(name), parent, command: textOf(`/proc/${name}/cmdline`) ?? "" }];
    });
  const found = all.filter(({ pid }) => pid === root);
  for (let known = -1; known !== found.length;) {
    known = found.length;
    const pids = new Set(found.map(({ pid }) => pid));
    found.push(...all.filter(({ pid, parent }) => !pids.has(pid) && pids.has(parent)));
  }
  return found;
}

function takenBy(pid: number, before: Taken = { seconds: 0, megabytes: 0 }): Taken {
  const stat = textOf(`/proc/${pid}/stat`);
  const peak = /^VmHWM:\s+(\d+) kB/m.exec(textOf(`/proc/${pid}/status`) ?? "");
  const [user, system] =
    stat
      ?.slice(stat.lastIndexOf(")") + 2)
      .split(" ")
      .slice(11, 13) ?? [];
  const ticks = Number(user ?? 0) + Number(system ?? 0);
  return {
    seconds: Math.max(before.seconds, ticks / TICKS_PER_SECOND),
    megabytes: Math.max(before.megabytes, Number(peak?.[1] ?? 0) / 1024),
  };
}

function kindOf(command: string): Kind {
  const words = command.split("\0");
  if (/pulumi-resource-kubernetes$/.test(words[0] ?? "")) return "provider";
  if (/\/pulumi$/.test(words[0] ?? "")) return "engine";
  if (!/(^|\/)node$/.test(words[0] ?? "")) return "other";
  return words.some((word) => /policies|policy|pack/.test(word)) ? "pack" : "program";
}

/** Undefined if the process has ended in the meantime. */
function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
