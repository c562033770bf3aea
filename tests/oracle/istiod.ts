import { spawn, type ChildProcessByStdio } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { ensureToolchain } from "../../local/toolchain/index.js";
import type { Answer, Question } from "./question.js";

/** The oracle program: the one that `ISTIOD_ORACLE` names, else the toolchain's, built if missing. */
export async function oracleBinary(): Promise<string> {
  const path = process.env.ISTIOD_ORACLE;
  if (path !== undefined && path !== "") return path;
  return (await ensureToolchain(["oracle"])).binaries["istiod-oracle"];
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

  constructor(binary: string) {
    this.#process = spawn(binary, [], { stdio: ["pipe", "pipe", "ignore"] });
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
