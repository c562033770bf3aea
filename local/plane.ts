import { rmSync } from "node:fs";
import { resolve } from "node:path";
import {
  apiServerPart,
  apiServerUrl,
  controllerManagerPart,
  etcdPart,
  schedulerPart,
} from "./control-plane.js";
import { credentialFiles, fingerprint } from "./credentials.js";
import { istiodPart } from "./istio.js";
import { kwokPart } from "./kwok.js";
import { withLock } from "./lock.js";
import { Mistake } from "./mistake.js";
import { PART_NAMES, PORT_NAMES, PORTS_OF, type Part, type Ports, planeFiles } from "./part.js";
import { requireLinux } from "./platform.js";
import { freePorts, untilFree } from "./ports.js";
import { runningProcesses, stopProcesses } from "./processes.js";
import { type PlaneRecord, readRecord, writeRecord } from "./record.js";
import { type PartStatus, describeProblem, inspectParts } from "./status.js";
import { ISTIO_VERSION } from "./toolchain/parts.js";
import type { Tools } from "./tools.js";

export type { PartStatus } from "./status.js";
export type { Tools } from "./tools.js";

/** What to start, and where it keeps its things. */
export interface PlaneOptions {
  /** The plane's own folder: made by the start, removed by the stop. */
  stateDir: string;
  tools: Tools;
  /** Milliseconds within which it must be ready. @default 180000 */
  patience?: number;
  /** Called with what happens, in lines for people. @default not called */
  report?: (line: string) => void;
}

/** A running embedded mesh. */
export interface Plane {
  /** The administrator's kubeconfig file. */
  kubeconfig: string;
  /** The API server's URL. */
  apiServer: string;
  /** Files of what the administrator is let in with: in the kubeconfig, too. */
  admin: { ca: string; cert: string; key: string };
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
  /** The release of its istiod: `1.31`. */
  istioVersion: string;
  /** Whether it ran already, was started from nothing, or had parts that had to be started again. */
  outcome: "running" | "started" | "repaired";
  /** The parts that were found broken, with what was wrong and what they said last. */
  repaired: { name: string; problem: string }[];
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
    requireSameIstio(record, options.tools);
    const isOpen = record !== undefined && hasCredentials(stateDir, record);
    const parts = record ? partsOf(stateDir, options.tools, record.ports) : [];
    const status = await inspectParts(stateDir, parts);
    // What a start that was killed has left may need some more time.
    const isBroken = ({ problem, isSilent }: PartStatus) =>
      problem !== undefined && !(isSilent && record?.complete === false);
    const broken = status.filter(isBroken);
    if (isOpen && record.complete && broken.length === 0)
      return planeOf(stateDir, record, "running");

    const repaired = broken.map((part) => ({ name: part.name, problem: describeProblem(part) }));
    for (const { name, problem } of broken) report(`${name} ${problem}; starting it again.`);
    const well = status.filter((part) => !isBroken(part)).map(({ name }) => name);
    if (record && !isOpen) report("Its credentials are damaged; starting all parts with new ones.");
    const kept = new Set(isOpen ? well : []);
    const ports = await startMissing({ ...options, stateDir, report }, record, kept);
    const { istioVersion } = options.tools;
    return planeOf(stateDir, { ports, istioVersion }, record ? "repaired" : "started", repaired);
  });
}

/** What one release has put into a cluster isn't taken out of it by another. */
function requireSameIstio(record: PlaneRecord | undefined, { istioVersion }: Tools): void {
  if (!record || record.istioVersion === istioVersion) return;
  const option = record.istioVersion === ISTIO_VERSION ? "" : ` -- --istio ${record.istioVersion}`;
  throw new Mistake(
    `the embedded mesh runs Istio ${record.istioVersion}, and this would be Istio ${istioVersion}. ` +
      "Take it down first with  npm run down,  which destroys its stacks, or go on with it:  " +
      `npm run up${option}`,
  );
}

/**
 * Starts what doesn't run, beside what does. When that can't be (a port is taken by now), or nothing
 * runs, starts all of it with fresh ports and credentials. The cluster's data is kept.
 */
async function startMissing(
  options: PlaneOptions & { report: (line: string) => void },
  record: PlaneRecord | undefined,
  kept: ReadonlySet<string>,
): Promise<Ports> {
  const { stateDir, tools, report, patience = 180_000 } = options;
  // Not loaded for a plane that runs already.
  const { PortTakenError, bringUp } = await import("./bring-up.js");
  for (let attempt = 1; ; attempt++) {
    const isRepair = attempt === 1 && record !== undefined && kept.size > 0;
    const keep = (name: string) => isRepair && kept.has(name);
    await stopInOrder(stateDir, (name) => !keep(name));
    const ports = isRepair ? record.ports : await prepare(stateDir);
    if (isRepair) await untilFree(portsOf(ports, (name) => !keep(name)));
    const parts = partsOf(stateDir, tools, ports);
    const credentials = fingerprint(planeFiles(stateDir).credentials) ?? "";
    const written = { ports, parts, istioVersion: tools.istioVersion, credentials };
    writeRecord(stateDir, { ...written, complete: false });
    try {
      await bringUp({ stateDir, tools, ports, parts, keep, patience, report });
      writeRecord(stateDir, { ...written, complete: true });
      return ports;
    } catch (error) {
      const isPortTaken = error instanceof PortTakenError && attempt < ATTEMPTS;
      if (!isPortTaken && !isRepair) {
        await stopInOrder(stateDir);
        throw error;
      }
      report(
        isPortTaken
          ? `${error.part} found its port taken; starting all parts on other ports.`
          : `That was not enough; starting all parts again. ${(error as Error).message}`,
      );
    }
  }
}

/** Whether a plane's credentials are still those that its parts were started with. */
function hasCredentials(stateDir: string, { credentials }: PlaneRecord): boolean {
  return fingerprint(planeFiles(stateDir).credentials) === credentials;
}

/** Fresh ports and credentials. */
async function prepare(stateDir: string): Promise<Ports> {
  const free = await freePorts(PORT_NAMES.length);
  const ports = Object.fromEntries(PORT_NAMES.map((name, index) => [name, free[index]])) as Ports;
  const { issueCredentials } = await import("./issue-credentials.js");
  await issueCredentials(planeFiles(stateDir).credentials, apiServerUrl(ports));
  return ports;
}

/** What the chosen parts listen on. */
function portsOf(ports: Ports, isChosen: (part: string) => boolean): number[] {
  return PART_NAMES.filter(isChosen).flatMap((part) => PORTS_OF[part].map((name) => ports[name]));
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

/** The administrator's kubeconfig file of the plane in `stateDir`, whether it is there yet or not. */
export function kubeconfigOf(stateDir: string): string {
  return credentialFiles(planeFiles(stateDir).credentials).kubeconfigs.admin;
}

function planeOf(
  stateDir: string,
  { ports, istioVersion }: Pick<PlaneRecord, "ports" | "istioVersion">,
  outcome: Plane["outcome"],
  repaired: Plane["repaired"] = [],
): Plane {
  const { kubeconfigs, ca, admin } = credentialFiles(planeFiles(stateDir).credentials);
  return {
    kubeconfig: kubeconfigs.admin,
    apiServer: apiServerUrl(ports),
    admin: { ca, ...admin },
    istiod: {
      grpcPort: ports.istiodGrpc,
      secureGrpcPort: ports.istiodSecureGrpc,
      httpPort: ports.istiodHttp,
      monitoringPort: ports.istiodMonitoring,
      webhookPort: ports.istiodWebhook,
    },
    istioVersion,
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
  if (!record) return statusWithoutRecord(folder);
  const parts: PartStatus[] = await inspectParts(folder, record.parts);
  if (!hasCredentials(folder, record)) {
    const log = planeFiles(folder).record;
    parts.push({ name: "credentials", problem: "are damaged", log });
  }
  const isUp = record.complete && parts.every(({ problem }) => problem === undefined);
  return { state: isUp ? "up" : "broken", parts, plane: planeOf(folder, record, "running") };
}

/** Processes may outlive a folder that was deleted by hand. */
function statusWithoutRecord(stateDir: string): PlaneStatus {
  const parts = runningProcesses(stateDir).map(({ name, pid }) => ({
    name,
    pid,
    problem: "runs, but its folder is gone",
    log: planeFiles(stateDir).log(name),
  }));
  return { state: parts.length === 0 ? "down" : "broken", parts };
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
    const stopped = await stopInOrder(folder);
    rmSync(folder, { recursive: true, force: true });
    return stopped;
  });
}

/**
 * Ends the parts that `which` accepts (by default all). The store goes last, and before it the API
 * server: so nobody waits for a peer that is gone.
 *
 * @returns their names
 */
async function stopInOrder(
  stateDir: string,
  which: (name: string) => boolean = () => true,
): Promise<string[]> {
  const running = runningProcesses(stateDir).filter(({ name }) => which(name));
  const place = (name: string) => ["kube-apiserver", "etcd"].indexOf(name);
  for (const next of [-1, 0, 1]) {
    const wave = running.filter(({ name }) => place(name) === next);
    await stopProcesses(stateDir, wave);
  }
  return running.map(({ name }) => name);
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
