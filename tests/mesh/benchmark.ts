/**
 * How the cost of judging grows: `node --require ./register.cjs tests/mesh/benchmark.ts`.
 * Prints milliseconds per size (median of several runs, after a warm-up) and how they grow; the
 * best run and the processor's time in user mode too, which other work on the machine changes less.
 * With an istioctl (ISTIOCTL, or on the PATH) it times `istioctl analyze --use-kube=false` on the
 * same objects in the same run.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import path from "node:path";
import {
  defaultClients,
  judge,
  judgeCalls,
  judgeClasses,
  readMesh,
  type KubeObject,
} from "../../mesh/index.js";
import { endpoints, HTTPS, IM, OFF, rule, service, virtualService } from "./objects.js";

const SIZES = [1_000, 3_000, 10_000, 30_000];
const NAMESPACES = 50;
const RUNS = 15;

/** As many aliases as rules, half by name and half by address, over 50 namespaces. */
export function manyAliases(count: number): KubeObject[] {
  return Array.from({ length: count }, (_, index) => {
    const namespace = `team-${index % NAMESPACES}`;
    const name = `alias-${index}`;
    const host = `${name}.${namespace}.svc.cluster.local`;
    const alias =
      index % 2 === 0
        ? [service(namespace, name, { type: "ExternalName", externalName: `host-${index}.org` })]
        : [service(namespace, name, { ports: [HTTPS] }), endpoints(namespace, name)];
    // One rule in a hundred is wrong; one in ten stands in a client's namespace instead.
    const owner = index % 10 === 3 ? `team-${(index * 7) % NAMESPACES}` : namespace;
    const policy = index % 100 === 1 ? IM : OFF;
    return [...alias, rule(owner, name, { host, ...policy })];
  }).flat();
}

/** A VirtualService for each third alias, over the same namespaces. */
export function manyRoutes(count: number): KubeObject[] {
  return Array.from({ length: Math.ceil(count / 3) }, (_, third) => {
    const index = third * 3;
    const namespace = `team-${index % NAMESPACES}`;
    const host = `alias-${index}.${namespace}.svc.cluster.local`;
    const route = [{ destination: { host, port: { number: 443 } } }];
    return virtualService(namespace, `alias-${index}`, {
      hosts: [host],
      tls: [{ match: [{ port: 443, sniHosts: [host] }], route }],
    });
  });
}

/** Milliseconds of reading and of judging every call, best of several runs. */
function timeCalls(count: number): { read: number; judged: number; verdicts: number } {
  const objects = [...manyAliases(count), ...manyRoutes(count)];
  let best = { read: Infinity, judged: Infinity, verdicts: 0 };
  for (let run = 0; run < 5; run++) {
    let mesh = readMesh([]);
    const read = milliseconds(() => (mesh = readMesh(objects))).wall;
    let verdicts = 0;
    const judged = milliseconds(() => (verdicts = judgeCalls(mesh).length)).wall;
    if (read + judged < best.read + best.judged) best = { read, judged, verdicts };
  }
  return best;
}

/** Milliseconds of reading and judging by class, best of several runs, and the memory that is taken then. */
function timeClasses(count: number): string {
  const objects = manyAliases(count);
  let [best, classes] = [Infinity, 0];
  for (let run = 0; run < 5; run++) {
    const judged = () => (classes = judgeClasses(readMesh(objects)).flat().length);
    best = Math.min(best, milliseconds(judged).user);
  }
  const megabytes = process.memoryUsage().rss / 1e6;
  return `${classes} classes, user ${best.toFixed(1)} ms, ${megabytes.toFixed(0)} MB`;
}

/** Milliseconds of a clock on the wall, and of the processor in user mode, all threads. */
interface Spent {
  wall: number;
  user: number;
}

function milliseconds(work: () => void): Spent {
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  work();
  return { wall: performance.now() - start, user: process.cpuUsage(cpu).user / 1000 };
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

interface Timing {
  size: number;
  objects: number;
  clients: number;
  verdicts: number;
  read: Spent;
  judged: Spent;
  /** Milliseconds of the run that was disturbed least. */
  best: number;
}

function time(size: number): Timing {
  const objects = manyAliases(size);
  const read: Spent[] = [];
  const judged: Spent[] = [];
  let verdicts = 0;
  let clients = 0;
  for (let run = 0; run <= RUNS; run++) {
    let mesh = readMesh([]);
    read.push(milliseconds(() => (mesh = readMesh(objects))));
    judged.push(milliseconds(() => (verdicts = judge(mesh).length)));
    clients = defaultClients(mesh).length;
  }
  // The first run warms up.
  const best = Math.min(...read.map(({ wall }, run) => wall + (judged[run]?.wall ?? 0)));
  const [readTime, judgeTime] = [usual(read.slice(1)), usual(judged.slice(1))];
  const counts = { size, objects: objects.length, clients, verdicts };
  return { ...counts, read: readTime, judged: judgeTime, best };
}

function usual(runs: readonly Spent[]): Spent {
  return { wall: median(runs.map(({ wall }) => wall)), user: median(runs.map(({ user }) => user)) };
}

/** Seconds that istioctl takes for the same objects, or undefined without one. */
function istioctlSeconds(objects: KubeObject[]): number | undefined {
  const istioctl = process.env.ISTIOCTL ?? "istioctl";
  if (spawnSync(istioctl, ["version", "--remote=false"]).status !== 0) return undefined;
  const folder = mkdtempSync(path.join(tmpdir(), "istio-egress-benchmark-"));
  try {
    const file = path.join(folder, "objects.yaml");
    writeFileSync(file, objects.map((object) => `---\n${JSON.stringify(object)}\n`).join(""));
    const start = performance.now();
    execFileSync(istioctl, ["analyze", "--use-kube=false", file], { stdio: "ignore" });
    return (performance.now() - start) / 1000;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function row(cells: (string | number)[]): string {
  return cells.map((cell) => String(cell).padStart(10)).join("");
}

function userTime({ read, judged }: Timing): number {
  return read.user + judged.user;
}

function main(): void {
  console.log(`load ${loadavg()[0]?.toFixed(1)}`);
  console.log(
    row(
      ["aliases", "objects", "clients", "verdicts"].concat([
        "read ms",
        "judge ms",
        "sum ms",
        "best ms",
        "user ms",
      ]),
    ),
  );
  const timings = SIZES.map((size) => {
    const timing = time(size);
    const { objects, clients, verdicts, read, judged, best } = timing;
    console.log(
      row([
        size,
        objects,
        clients,
        verdicts,
        read.wall.toFixed(1),
        judged.wall.toFixed(1),
        (read.wall + judged.wall).toFixed(1),
        best.toFixed(1),
        (read.user + judged.user).toFixed(1),
      ]),
    );
    return timing;
  });
  console.log("\ngrowth of user time against growth of size (1.0 is linear):");
  timings.slice(1).forEach((timing, index) => {
    const before = timings[index];
    if (!before) return;
    const growth = userTime(timing) / userTime(before);
    const size = timing.size / before.size;
    console.log(`  ${before.size} to ${timing.size}: ${(growth / size).toFixed(2)}`);
  });
  console.log("\nby class of clients, read and judged (best of 5 runs):");
  for (const size of [...SIZES, 100_000]) console.log(`  ${size} aliases: ${timeClasses(size)}`);
  console.log("\ncalls, with a VirtualService for each third alias (best of 5 runs):");
  for (const size of SIZES) {
    const { read, judged, verdicts } = timeCalls(size);
    const [readMs, judgedMs] = [read.toFixed(1), judged.toFixed(1)];
    console.log(`  ${size} aliases: ${verdicts} answers, read ${readMs} ms, judged ${judgedMs} ms`);
  }
  for (const size of [1_000, 10_000]) {
    const seconds = istioctlSeconds(manyAliases(size));
    console.log(
      seconds === undefined
        ? "\nno istioctl (set ISTIOCTL) to compare with"
        : `\nistioctl analyze --use-kube=false, ${size} aliases: ${seconds.toFixed(1)} s`,
    );
    if (seconds === undefined) break;
  }
}

if (require.main === module) main();
