/** Processes, as whoever kills some sees them. */
import { readFileSync, readdirSync } from "node:fs";

/** Which of a command's processes are killed. */
export type Victims = "tree" | "group" | "first" | "cli";

/** A process and all that it has started and not left alone, itself first. */
export function treeOf(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const entry of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const parent = parentOf(Number(entry));
    children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
  }
  const below = (one: number): number[] => [one, ...(children.get(one) ?? []).flatMap(below)];
  return below(pid);
}

function parentOf(pid: number): number {
  const stat = textOf(`/proc/${pid}/stat`);
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1] ?? -1);
}

/**
 * Sends a signal.
 *
 * @param first the process that was typed, which leads a group
 */
export function kill(first: number, victims: Victims, signal: NodeJS.Signals): void {
  for (const pid of pidsOf(first, victims)) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended by itself.
    }
  }
}

function pidsOf(first: number, victims: Victims): number[] {
  if (victims === "first") return [first];
  if (victims === "group") return [-first];
  const tree = treeOf(first);
  if (victims === "tree") return tree;
  const commands = tree.filter((pid) => /cli\/launch\.cjs/.test(textOf(`/proc/${pid}/cmdline`)));
  return commands.filter((pid) => textOf(`/proc/${pid}/comm`).startsWith("node"));
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
