import { spawn, type ChildProcessByStdio } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { parse } from "yaml";
import { ensureToolchain } from "../../local/toolchain/index.js";
import { type Generation, ownProgram } from "./generations.js";
import type { Answer, Question } from "./question.js";

/** A program and the environment that it runs in. */
export interface Program {
  file: string;
  env: Record<string, string>;
}

/** The oracle of a generation: the one that `ISTIOD_ORACLE` names, else the toolchain's, built if missing. */
export async function programOf({ part, binary, profile, env }: Generation): Promise<Program> {
  const own = ownProgram();
  if (own !== undefined) return { file: own, env: { ...env } };
  const file = (await ensureToolchain([part])).binaries[binary];
  const ofProfile = profile === undefined ? {} : profileEnvironment(file, profile);
  return { file, env: { ...ofProfile, ...env } };
}

/** istiod's environment in one of Istio's compatibility profiles, as they were beside its sources. */
function profileEnvironment(file: string, version: string): Record<string, string> {
  const name = `compatibility-version-${version}.yaml`;
  const profile = path.join(path.dirname(file), "profiles", name);
  const values = parse(readFileSync(profile, "utf8")) as { pilot: { env: Record<string, string> } };
  return values.pilot.env;
}

interface Waiting {
  resolve: (answer: Answer) => void;
  reject: (error: Error) => void;
}

/**
 * istiod's configuration generator, in a process of its own that answers many questions at a time,
 * in the order they were asked.
 */
export class Istiod {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #waiting: Waiting[] = [];
  #ended: Error | undefined;

  constructor({ file, env }: Program) {
    this.#process = spawn(file, [], {
      env: { ...process.env, ...env },
      stdio: ["pipe", "pipe", "ignore"],
    });
    const lines = createInterface({ input: this.#process.stdout });
    lines.on("line", (line) => this.#waiting.shift()?.resolve(JSON.parse(line) as Answer));
    lines.on("close", () => this.#end(new Error("the oracle ended without an answer")));
    this.#process.on("error", (error) => this.#end(error));
    this.#process.stdin.on("error", (error) => this.#end(error));
  }

  /** @throws if the program ends before it answers (an answer with `error` is an answer). */
  ask(question: Question): Promise<Answer> {
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#process.stdin.write(`${JSON.stringify(question)}\n`);
    });
  }

  /** Ends the program; what was asked and not answered fails. */
  close(): void {
    this.#process.stdin.end();
    this.#process.kill();
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#ended);
  }
}
