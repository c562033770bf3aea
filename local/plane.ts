import { rmSync } from "node:fs";
import { resolve } from "node:path";
import { PlaneError, PortTakenError, bringUp } from "./bring-up.js";
import {
  apiServerPart,
  apiServerUrl,
  controllerManagerPart,
  etcdPart,
  schedulerPart,
} from "./control-plane.js";
import { credentialFiles, issueCredentials } from "./credentials.js";
import { istiodPart } from "./istio.js";
import { kwokPart } from "./kwok.js";
import { withLock } from "./lock.js";
import { type Part, type PartName, type Ports, planeFiles } from "./part.js";
import { freePorts } from "./ports.js";
import { type RunningProcess, runningProcesses, stopProcesses } from "./processes.js";
import { type PlaneRecord, readRecord, writeRecord } from "./record.js";
import { type PartStatus, describeProblem, inspectParts } from "./status.js";
import type { Tools } from "./tools.js";

export { PlaneError } from "./bring-up.js";
export type { PartName } from "./part.js";
export type { PartStatus } from "./status.js";
export type { Tools } from "./tools.js";

/** What to start, and where it keeps its things. */
export interface PlaneOptions {
  /** The plane's own folder: made by the start, removed by the stop. */
  stateDir: string;
  tools: Tools;
  /** Milliseconds within which it must be ready. @default 60000 */
  patience?: number;
  /** Told what happens, in lines for people. @default nobody */
  report?: (line: string) => void;
}

/** A running embedded mesh. */
export interface Plane {
  /** The administrator's kubeconfig file. */
  kubeconfig: string;
  /** The API server's URL. */
  apiServer: string;
  /** istiod's ports on 127.0.0.1. */
  istiod: {
    /** xDS, plain gRPC. */
    grpcPort: number;
    /** xDS and certificates, gRPC over TLS. */
    secureGrpcPort: number;
    /** Readiness and `/debug`. */
    httpPort: number;
    /** Metrics. */
    monitoringPort: number;
    /** `/inject` and `/validate`. */
    webhookPort: number;
  };
  /** Whether it ran already, was started from nothing, or had parts that had to be started again. */
  outcome: "running" | "started" | "repaired";
  /** The parts that were found broken, with what was wrong and what they said last. */
  repaired: { name: PartName; problem: string }[];
}

const ATTEMPTS = 3;

/**
 * Brings up the embedded mesh in `stateDir`, or what is missing of it. A healthy one is left alone.
 * Two calls at a time are safe: the second one waits.
 *
 * @throws PlaneError naming the part that failed, with the end of its log; nothing is left running
 */
export async function startPlane(options: PlaneOptions): Promise<Plane> {
  requireLinux();
  const stateDir = resolve(options.stateDir);
  const report = options.report ?? (() => {});
  return withPlaneLock(stateDir, report, async () => {
    const record = readRecord(stateDir);
    const wanted = record && partsOf(stateDir, options.tools, record.ports);
    const status = wanted ? await inspectParts(stateDir, wanted) : [];
    const broken = status.filter(({ problem }) => problem !== undefined);
    if (record?.complete && broken.length === 0) return planeOf(stateDir, record.ports, "running");

    const repaired = broken.map((part) => ({ name: part.name, problem: describeProblem(part) }));
    for (const { name, problem } of broken) report(`${name} ${problem}; starting it again.`);
    const isAllGone = broken.length === status.length;
    const ports = await startMissing(
      { ...options, stateDir, report },
      isAllGone ? undefined : record,
      broken,
    );
    return planeOf(stateDir, ports, record ? "repaired" : "started", repaired);
  });
}

/** Starts what doesn't run; when a port is taken, all of it, elsewhere. Data is kept. */
async function startMissing(
  options: Required<Pick<PlaneOptions, "stateDir" | "tools" | "report">> & PlaneOptions,
  record: PlaneRecord | undefined,
  broken: readonly PartStatus[],
): Promise<Ports> {
  const { stateDir, tools, report } = options;
  let ports = record?.ports;
  let keep = (name: string) => record !== undefined && !broken.some((part) => part.name === name);
  for (let attempt = 1; ; attempt++) {
    await stopInOrder(
      stateDir,
      runningProcesses(stateDir).filter(({ name }) => !keep(name)),
    );
    ports ??= await prepare(stateDir);
    const parts = partsOf(stateDir, tools, ports);
    writeRecord(stateDir, { ports, parts, complete: false });
    try {
      await bringUp({ stateDir, tools, ports, parts, keep, patience: options.patience ?? 60_000 });
      writeRecord(stateDir, { ports, parts, complete: true });
      return ports;
    } catch (error) {
      await stopInOrder(stateDir, runningProcesses(stateDir));
      if (!(error instanceof PortTakenError) || attempt === ATTEMPTS) throw error;
      report(`${error.part} found its port taken; trying other ports.`);
      ports = undefined;
      keep = () => false;
    }
  }
}

/** Fresh ports and credentials. */
async function prepare(stateDir: string): Promise<Ports> {
  const ports = await choosePorts();
  const files = planeFiles(stateDir);
  await issueCredentials(files.credentials, apiServerUrl(ports));
  return ports;
}

async function choosePorts(): Promise<Ports> {
  const free = await freePorts(10);
  const next = () => free.pop() as number;
  return {
    etcd: next(),
    apiServer: next(),
    controllerManager: next(),
    scheduler: next(),
    kwok: next(),
    istiodHttp: next(),
    istiodGrpc: next(),
    istiodSecureGrpc: next(),
    istiodWebhook: next(),
    istiodMonitoring: next(),
  };
}

function partsOf(stateDir: string, tools: Tools, ports: Ports): Part[] {
  const credentials = credentialFiles(planeFiles(stateDir).credentials);
  const inputs = { stateDir, tools, ports, credentials };
  return [
    etcdPart(inputs),
    apiServerPart(inputs),
    controllerManagerPart(inputs),
    schedulerPart(inputs),
    kwokPart(inputs),
    istiodPart(inputs),
  ];
}

function planeOf(
  stateDir: string,
  ports: Ports,
  outcome: Plane["outcome"],
  repaired: Plane["repaired"] = [],
): Plane {
  return {
    kubeconfig: credentialFiles(planeFiles(stateDir).credentials).kubeconfigs.admin,
    apiServer: apiServerUrl(ports),
    istiod: {
      grpcPort: ports.istiodGrpc,
      secureGrpcPort: ports.istiodSecureGrpc,
      httpPort: ports.istiodHttp,
      monitoringPort: ports.istiodMonitoring,
      webhookPort: ports.istiodWebhook,
    },
    outcome,
    repaired,
  };
}

/** How a plane is, without changing anything. */
export interface PlaneStatus {
  /** `down`: nothing is there. `up`: all parts are well. `broken`: some aren't. */
  state: "down" | "up" | "broken";
  parts: PartStatus[];
  /** Where to reach it; absent when it is down. */
  plane?: Plane;
}

/** Looks at the plane in `stateDir`; never throws because of what it finds. */
export async function planeStatus(stateDir: string): Promise<PlaneStatus> {
  requireLinux();
  const folder = resolve(stateDir);
  const record = readRecord(folder);
  if (!record) return { state: "down", parts: [] };
  const parts = await inspectParts(folder, record.parts);
  const isUp = record.complete && parts.every(({ problem }) => problem === undefined);
  return { state: isUp ? "up" : "broken", parts, plane: planeOf(folder, record.ports, "running") };
}

/**
 * Ends every process of the plane and removes its folder with all data, credentials and logs.
 * Does nothing when there is none.
 *
 * @returns the parts that were running
 * @throws when a process can't be ended
 */
export async function stopPlane(
  stateDir: string,
  report: (line: string) => void = () => {},
): Promise<string[]> {
  requireLinux();
  const folder = resolve(stateDir);
  return withPlaneLock(folder, report, async () => {
    const running = runningProcesses(folder);
    await stopInOrder(folder, running);
    rmSync(folder, { recursive: true, force: true });
    return running.map(({ name }) => name);
  });
}

/** The store goes last, and before it the API server: so nobody waits for a peer that is gone. */
async function stopInOrder(stateDir: string, running: readonly RunningProcess[]): Promise<void> {
  const isStore = (name: string) => name === "etcd";
  const isServer = (name: string) => name === "kube-apiserver";
  const isClient = (name: string) => !isStore(name) && !isServer(name);
  for (const isNext of [isClient, isServer, isStore]) {
    await stopProcesses(
      stateDir,
      running.filter(({ name }) => isNext(name)),
    );
  }
}

function withPlaneLock<T>(
  stateDir: string,
  report: (line: string) => void,
  work: () => Promise<T>,
): Promise<T> {
  return withLock(`${stateDir}.lock`, work, {
    onWait: (pid) => report(`Process ${pid} works on this plane; waiting for it.`),
  });
}

function requireLinux(): void {
  if (process.platform === "linux") return;
  throw new PlaneError(
    `The embedded mesh runs on Linux only, and this is ${process.platform}. ` +
      "Use a cluster of your own: set KUBECONFIG and run `pulumi up`.",
  );
}
