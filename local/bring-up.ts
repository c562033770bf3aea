import { setTimeout as sleep } from "node:timers/promises";
import { Cluster } from "./cluster.js";
import { apiServerUrl } from "./control-plane.js";
import { credentialFiles } from "./credentials.js";
import { probe } from "./health.js";
import { istioObjects } from "./istio-manifest.js";
import type { KubeObject } from "./kube-object.js";
import { kwokObjects } from "./kwok.js";
import { Mistake } from "./mistake.js";
import { type Part, type PartName, type Ports, planeFiles } from "./part.js";
import { isRunning, lastLines, runningProcesses, spawnProcess } from "./processes.js";
import { describeProblem } from "./status.js";
import type { Tools } from "./tools.js";

/** The embedded mesh can't be had; the message says which part, why, and where its log is. */
export class PlaneError extends Mistake {}

/** Another program listens where a part wanted to. */
export class PortTakenError extends PlaneError {
  constructor(
    readonly part: PartName,
    message: string,
  ) {
    super(message);
  }
}

/** What to bring up. */
export interface BringUpOptions {
  stateDir: string;
  tools: Tools;
  ports: Ports;
  parts: readonly Part[];
  /** The parts that run already: they are only waited for. */
  keep: (name: PartName) => boolean;
  /** Milliseconds. */
  patience: number;
  report: (line: string) => void;
}

/**
 * Starts the parts that aren't kept, fills the cluster with what Istio and the fake node need, and
 * waits until all of it works. What doesn't need each other starts at the same time.
 *
 * @throws PlaneError, PortTakenError; some parts may be left running
 */
export async function bringUp(options: BringUpOptions): Promise<void> {
  const attempt = new Attempt(options);
  try {
    await attempt.run();
  } catch (error) {
    throw attempt.explain(error);
  }
}

class Attempt {
  readonly #begin = Date.now();
  readonly #deadline: number;
  readonly #started = new Set<PartName>();
  /** Once something has failed, nothing more is started. */
  #failed = false;

  constructor(readonly options: BringUpOptions) {
    this.#deadline = this.#begin + options.patience;
  }

  async run(): Promise<void> {
    const { stateDir, tools, ports } = this.options;
    const istio = istioObjects(tools, ports.istiodWebhook);
    await this.#together([istio, this.#start("etcd"), this.#start("kube-apiserver")]);

    const { ca, admin } = credentialFiles(planeFiles(stateDir).credentials);
    const cluster = new Cluster({ url: apiServerUrl(ports), ca, ...admin });
    const isDefinition = ({ kind }: KubeObject) => kind === "CustomResourceDefinition";
    const objects = await istio;
    // The first that istiod reads are its rights and the mesh's configuration. Definitions may come later, as
    // in a cluster, and take the API server a second: before the others they would hold istiod up.
    const others = cluster.apply(objects.filter((object) => !isDefinition(object)));
    await this.#together([
      others.then(() => this.#start("istiod")),
      others.then(() => cluster.apply(objects.filter(isDefinition))),
      cluster.apply(kwokObjects()).then(() => this.#start("kwok")),
      this.#start("kube-controller-manager"),
      this.#start("kube-scheduler"),
    ]);
    await cluster.untilUsable(this.#deadline);
    this.#say("injection and validation work");
  }

  /** How long it took is part of what people want to know. */
  #say(line: string): void {
    this.options.report(`${line} (${((Date.now() - this.#begin) / 1000).toFixed(1)} s)`);
  }

  /** Waits for all even when one fails, so that nothing goes on behind the caller's back. */
  async #together(steps: readonly Promise<unknown>[]): Promise<void> {
    const results = await Promise.allSettled(
      steps.map((step) =>
        step.catch((error: unknown) => {
          this.#failed = true;
          throw error;
        }),
      ),
    );
    const failure = results.find((result) => result.status === "rejected");
    if (failure) throw failure.reason;
  }

  async #start(name: PartName): Promise<void> {
    const { stateDir, keep, parts } = this.options;
    if (this.#failed) return;
    const part = parts.find((candidate) => candidate.name === name) as Part;
    const { command, environment } = part;
    const files = planeFiles(stateDir);
    const [kept] = keep(name) ? runningProcesses(stateDir).filter((one) => one.name === name) : [];
    if (kept) return this.#untilReady(part, kept.pid);
    this.#started.add(name);
    const [home, log] = [files.home(name), files.log(name)];
    await this.#untilReady(
      part,
      await spawnProcess(stateDir, { name, command, environment, home, log }),
    );
    if (!this.#failed) this.#say(`${name} is ready`);
  }

  async #untilReady({ name, health }: Part, pid: number): Promise<void> {
    const { stateDir } = this.options;
    for (;;) {
      const problem = await probe(health);
      if (problem === undefined || this.#failed) return;
      if (!isRunning(stateDir, pid)) throw new PlaneError(`${name} has ended`);
      if (Date.now() > this.#deadline) {
        const log = planeFiles(stateDir).log(name);
        const late = { name, problem: `doesn't get ready: ${problem}`, log };
        throw new PlaneError(describeProblem(late));
      }
      await sleep(100);
    }
  }

  /** Finds the part to blame: the first one, in the order of need, that has ended. */
  explain(error: unknown): Error {
    const { stateDir, parts } = this.options;
    const running = new Set(runningProcesses(stateDir).map(({ name }) => name));
    const log = (name: PartName) => planeFiles(stateDir).log(name);
    const ended = parts.find(({ name }) => this.#started.has(name) && !running.has(name));
    const message = error instanceof Error ? error.message : String(error);
    if (!ended) return new PlaneError(message, { cause: error });
    const { name } = ended;
    const problem = "ended while the embedded mesh was starting";
    const description = describeProblem({ name, problem, log: log(name) });
    const said = lastLines(log(name), 40).join("\n");
    if (said.includes("no space left on device")) return new PlaneError(fullDisk(stateDir, name));
    const isPortTaken = /address already in use/i.test(said);
    return isPortTaken ? new PortTakenError(name, description) : new PlaneError(description);
  }
}

function fullDisk(stateDir: string, part: PartName): string {
  const { log } = planeFiles(stateDir);
  return (
    `the disk that holds ${stateDir} is full: free some space, then type the same again. ` +
    `(${part} has ended; its log is ${log(part)}.)`
  );
}
