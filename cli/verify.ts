import { Command, InvalidArgumentError } from "commander";
import type { Catalogue } from "../catalogue/catalogue.js";
import { type Plane, planeStatus } from "../local/plane.js";
import { columns } from "./format/columns.js";
import { ApiServer, type ClusterChoice } from "./kube/api-server.js";
import { ExitCode, Mistake } from "./mistake.js";
import { clusterOf, readCatalogue, stackFile } from "./stack-file.js";
import { askCluster, type AskIstiod } from "./verify/ask-cluster.js";
import { inEmbeddedMesh, throughPortForward } from "./verify/ask-istiod.js";
import { type RunInPod, callRows, throughExec } from "./verify/make-calls.js";
import { PLANE_STATE } from "./state.js";
import type { Reality } from "./verify/reality.js";
import type { Row } from "./verify/row.js";
import { rowsOf } from "./verify/rows.js";

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

const HELP = `
Examples:
  istio-egress verify                                  the embedded mesh, if it is up
  istio-egress verify --stack prod --context prod-eu
  istio-egress verify --traffic                        and the task's requests, typed in its Pods
  istio-egress verify --json

It compares with the API server and istiod, not with Pulumi: are the Pods, Services, addresses and
rules there as Pulumi.<stack>.yaml declares, and does istiod send each sidecar the TLS that is
meant? Of Istio's objects every field counts, also an added one. Where one differs, its row shows
the field as declared and as found. What isn't so yet, such as a sidecar that isn't connected, is
waited for as long as --patience says.

With --traffic every client calls every alias: the request of the stack's outputs, run by curl in
the client's Pod. A call is well if the answer isn't an error, has the text that the catalogue's
answer says, comes from the alias's address, and, for plain HTTP, is signed by the client's sidecar.
What the network doesn't allow (no DNS answer, no connection, no answer in time) has rows of its
own: they say nothing about TLS, and are no success. It takes a cluster with real containers.

Which cluster: --kubeconfig and --context; else the one that the stack's configuration names (where
its kubeconfig is a secret, Pulumi opens it); else an embedded mesh that is up; else as kubectl
chooses.

Rights that it takes there, all of them for reading: in the catalogue's namespaces get services,
destinationrules, serviceentries and virtualservices, list pods and endpointslices; in istiod's
namespace list pods, create and get pods/portforward (without credentials istiod answers its own
loopback alone). For --traffic in the clients' namespaces create and get pods/exec, too: curl is
all that is run there.

Exit codes: 0 as declared, 1 something differs (or no sidecar is connected) or a call failed,
2 no cluster or istiod to compare with, or a catalogue with mistakes.`;

/** `istio-egress verify`: whether reality is what the catalogue declares. */
export function command(): Command {
  return new Command("verify")
    .option("-s, --stack <name>", "the stack, so the catalogue in Pulumi.<name>.yaml", "dev")
    .option("--kubeconfig <file>", "the cluster's kubeconfig")
    .option("--context <name>", "the kubeconfig's context")
    .option("--patience <seconds>", "how long reality has to become as declared", seconds, 10)
    .option("--traffic", "let the clients' Pods call the aliases, too")
    .option("--json", "for programs")
    .addHelpText("after", HELP)
    .action(async (options: VerifyOptions) => {
      process.exitCode = await verify(options);
    });
}

function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= 0) return value;
  throw new InvalidArgumentError("Write a number of seconds, such as 10.");
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
  const catalogue = readCatalogue(options.stack);
  const { cluster, server, askIstiod, run } = await whomToAsk(options, catalogue);
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

interface Witnesses {
  cluster: string;
  server: ApiServer;
  askIstiod: AskIstiod;
  /** Undefined where Pods have no containers. */
  run?: RunInPod;
}

async function whomToAsk(options: VerifyOptions, { mesh }: Catalogue): Promise<Witnesses> {
  const chosen = options.plane ? {} : await clusterChoice(options);
  const isChosen = Object.keys(chosen).length > 0;
  const plane = options.plane ?? (isChosen ? undefined : await runningPlane());
  if (plane) {
    const server = ApiServer.of(plane);
    return { cluster: "the embedded mesh", server, askIstiod: inEmbeddedMesh(plane.istiod) };
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
