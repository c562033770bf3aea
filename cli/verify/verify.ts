/** Whether reality is what a stack's catalogue declares. */
import type { Catalogue } from "../../catalogue/catalogue.js";
import { type Plane, planeStatus } from "../../local/plane.js";
import { PLANE_STATE } from "../state.js";
import { columns } from "../format/columns.js";
import { ApiServer, type ClusterChoice } from "../kube/api-server.js";
import { ISTIO_VERSION } from "../../local/toolchain/parts.js";
import { ExitCode, Mistake } from "../mistake.js";
import { clusterOf, readCatalogue, readEmbeddedCatalogue, stackFile } from "../stack-file.js";
import { askCluster, type AskIstiod } from "./ask-cluster.js";
import { inEmbeddedMesh, throughPortForward } from "./ask-istiod.js";
import { type RunInPod, callRows, throughExec } from "./make-calls.js";
import type { Reality } from "./reality.js";
import type { Row } from "./row.js";
import { rowsOf } from "./rows.js";

/** What to verify, and where. */
export interface VerifyOptions extends ClusterChoice {
  /** The catalogue is in `Pulumi.<stack>.yaml`. */
  stack: string;
  /** The embedded mesh to verify. @default the kubeconfig's cluster, or an embedded mesh that is up */
  plane?: Plane;
  /** Seconds that reality has to become as declared: istiod takes a moment. @default 10 */
  patience?: number;
  /** Let every client call every alias, too. @default false */
  traffic?: boolean;
  /** Print the report as JSON. @default false */
  json?: boolean;
}

/** What was declared and what is there, thing by thing. */
export interface VerifyReport {
  /** Where the catalogue came from. */
  catalogue: string;
  /** Which cluster was compared. */
  cluster: string;
  ok: boolean;
  rows: Row[];
}

/**
 * Compares reality with a stack's catalogue and prints the result.
 * @returns Ok, or Violation if anything differs
 * @throws {Mistake} if there is no cluster or istiod to compare with, or the catalogue has mistakes
 */
export async function verify(options: VerifyOptions): Promise<ExitCode> {
  const report = await reportOn(options);
  process.stdout.write(
    options.json ? `${JSON.stringify(report, undefined, 2)}\n` : reportTable(report),
  );
  return report.ok ? ExitCode.Ok : ExitCode.Violation;
}

/** The same, without printing. */
export async function reportOn(options: VerifyOptions): Promise<VerifyReport> {
  const declared = readCatalogue(options.stack);
  const { cluster, server, askIstiod, run, istio } = await sourcesFor(options, declared);
  const catalogue = istio === undefined ? declared : readEmbeddedCatalogue(options.stack, istio);
  if (options.traffic && !run) throw new Mistake(NO_CONTAINERS);
  const patience = (options.patience ?? 10) * 1000;
  const { reality, rows } = await settled(catalogue, server, askIstiod, Date.now() + patience);
  if (options.traffic && run) {
    rows.push(...(await callRows(catalogue, reality, run, Date.now() + patience)));
  }
  const ok = rows.every((row) => row.ok);
  return { catalogue: stackFile(options.stack), cluster, ok, rows };
}

const NO_CONTAINERS =
  "--traffic: the embedded mesh has no containers to call from; type  npm run test:traffic,  or choose a cluster.";

/** What is there once it is as declared, or when the deadline has passed. */
async function settled(
  catalogue: Catalogue,
  server: ApiServer,
  askIstiod: AskIstiod,
  deadline: number,
): Promise<{ reality: Reality; rows: Row[] }> {
  for (;;) {
    const reality = await askCluster(catalogue, server, askIstiod);
    const rows = rowsOf(catalogue, reality);
    if (rows.every(({ ok }) => ok) || Date.now() >= deadline) return { reality, rows };
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

const PAUSE_MS = 500;

/** Where reality is read from. */
interface Sources {
  cluster: string;
  server: ApiServer;
  askIstiod: AskIstiod;
  /** Undefined where Pods have no containers. */
  run?: RunInPod;
  /** The release of an embedded mesh. */
  istio?: string;
}

async function sourcesFor(options: VerifyOptions, { mesh }: Catalogue): Promise<Sources> {
  const chosen = options.plane ? {} : await clusterChoice(options);
  const isChosen = Object.keys(chosen).length > 0;
  const plane = options.plane ?? (isChosen ? undefined : await runningPlane());
  if (plane) {
    const server = ApiServer.of(plane);
    const { istiod, istioVersion: version } = plane;
    const cluster = `the embedded mesh${version === ISTIO_VERSION ? "" : ` of Istio ${version}`}`;
    return { cluster, server, askIstiod: inEmbeddedMesh({ ...istiod, version }), istio: version };
  }
  const server = await ApiServer.from(chosen);
  return {
    cluster: server.server,
    server,
    askIstiod: throughPortForward(server, mesh.rootNamespace),
    run: throughExec(server),
  };
}

/** What is typed counts before what is configured. */
async function clusterChoice(options: VerifyOptions): Promise<ClusterChoice> {
  const { kubeconfig, context, stack } = options;
  if (kubeconfig === undefined && context === undefined) return clusterOf(stack);
  return {
    ...(kubeconfig !== undefined && { kubeconfig }),
    ...(context !== undefined && { context }),
  };
}

async function runningPlane(): Promise<Plane | undefined> {
  if (process.platform !== "linux") return undefined;
  const { state, plane, parts } = await planeStatus(PLANE_STATE);
  if (state !== "broken") return plane;
  const broken = parts.filter(({ problem }) => problem !== undefined);
  throw new Mistake(
    `the embedded mesh is broken: ${broken.map(({ name, problem }) => `${name} ${problem}`).join(", ")}.\n` +
      "Repair it with  npm run up,  remove it with  npm run down,  or choose another with --context.",
  );
}

function reportTable({ catalogue, cluster, rows }: VerifyReport): string {
  const table = columns(
    ["", "what", "declared", "found instead"],
    rows.map((row) => [markOf(row), row.subject, row.expected, row.ok ? "" : row.found]),
  );
  return `Compared with ${cluster}.\n\n${table}\n\n${conclusion(catalogue, rows)}\n`;
}

function markOf({ ok, state }: Row): string {
  if (state === "network") return "network";
  if (state === "not called") return "-";
  return ok ? "ok" : "FAIL";
}

function conclusion(catalogue: string, all: readonly Row[]): string {
  const rows = all.filter(({ state }) => state !== "not called");
  const blocked = rows.filter(({ state }) => state === "network").length;
  const failed = rows.filter(({ ok }) => !ok).length - blocked;
  const calls = blocked === 1 ? "1 call" : `${blocked} calls`;
  return [
    failed > 0
      ? `${failed} of ${rows.length} differ from what ${catalogue} declares.`
      : `All ${rows.length - blocked}${blocked > 0 ? " others" : ""} are as ${catalogue} declares.`,
    ...(blocked > 0 ? [`The network doesn't allow ${calls}: nothing is shown by them.`] : []),
  ].join("\n");
}
