import { isDeepStrictEqual } from "node:util";
import { probe } from "./health.js";
import { type Part, planeFiles } from "./part.js";
import { lastLines, runningProcesses } from "./processes.js";

/** How one part of a plane is. */
export interface PartStatus {
  name: string;
  /** Its process, where it runs. */
  pid?: number;
  /** What is wrong with it; absent when it is well. */
  problem?: string;
  /** Whether nothing is wrong but that it doesn't answer, as while it is starting. @default false */
  isSilent?: boolean;
  log: string;
}

/** Looks at each part: does it run, as it was meant to be started, and does it answer? */
export function inspectParts(stateDir: string, parts: readonly Part[]): Promise<PartStatus[]> {
  const running = runningProcesses(stateDir);
  return Promise.all(
    parts.map(async (part) => {
      const status = { name: part.name, log: planeFiles(stateDir).log(part.name) };
      const [process, ...others] = running.filter(({ name }) => name === part.name);
      if (!process) return { ...status, problem: "isn't running" };
      if (others.length > 0) return { ...status, problem: "runs more than once" };
      const { pid } = process;
      const { command, environment } = process;
      if (!isDeepStrictEqual([command, environment], [part.command, part.environment])) {
        return { ...status, pid, problem: "was started by another version or with other options" };
      }
      const problem = await probe(part.health);
      return problem === undefined
        ? { ...status, pid }
        : { ...status, pid, problem, isSilent: true };
    }),
  );
}

/** A part's name, what is wrong with it, and what it said last. */
export function describeProblem(status: PartStatus): string {
  const lines = lastLines(status.log);
  const said = lines.length === 0 ? "Its log is empty" : "The last lines of its log";
  return [
    `${status.name} ${status.problem ?? "is well"}.`,
    `${said} (${status.log})${lines.length === 0 ? "." : ":"}`,
    ...lines.map((line) => `  ${line}`),
  ].join("\n");
}
