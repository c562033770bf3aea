import { Command, InvalidArgumentError } from "commander";
import type { Catalogue } from "../components/catalogue.js";
import { type Plane, planeStatus } from "../local/plane.js";
import { PLANE_STATE } from "./embedded.js";
import { columns } from "./format/columns.js";
import { ApiServer, type ClusterChoice } from "./kube/api-server.js";
import { ExitCode, Mistake } from "./mistake.js";
import { clusterOf, readCatalogue, stackFile } from "./stack-file.js";
import { askCluster, type AskIstiod } from "./verify/ask-cluster.js";
import { inEmbeddedMesh, throughPortForward } from "./verify/ask-istiod.js";
import type { Row } from "./verify/row.js";
import { rowsOf } from "./verify/rows.js";

/** What to verify, and where. */
export interface VerifyOptions extends ClusterChoice {
  /** The catalogue is in `Pulumi.<stack>.yaml`. */
  stack: string;
  /** The embedded mesh to ask. @default the kubeconfig's cluster, or an embedded mesh that is up */
  plane?: Plane;
  /** Seconds that reality has to become as declared: istiod takes a moment. @default 10 */
  patience?: number;
  /** Print the report as JSON. @default false */
  json?: boolean;
}

/** What was declared and what is there, thing by thing. */
export interface VerifyReport {
  /** Where the catalogue came from. */
  catalogue: string;
  /** Which cluster was asked. */
  cluster: string;
  ok: boolean;
  rows: Row[];
}

const HELP = `
Examples:
  istio-egress verify                                  the embedded mesh, if it is up
  istio-egress verify --stack prod --context prod-eu
  istio-egress verify --json

It asks the API server and istiod, not Pulumi: are the Pods, Services, addresses and rules there as
Pulumi.<stack>.yaml declares, and does istiod send each sidecar the TLS that is meant?

Which cluster: --kubeconfig and --context; else the one that the stack's configuration names; else
an embedded mesh that is up; else as kubectl chooses.

Rights that it takes there, all of them for reading: in the catalogue's namespaces get services,
destinationrules and serviceentries, list pods and endpointslices; in istiod's namespace list pods,
create and get pods/portforward (without credentials istiod answers its own loopback alone).

Exit codes: 0 as declared, 1 something differs, 2 nobody to ask or a catalogue with mistakes.`;

/** `istio-egress verify`: whether reality is what the catalogue declares. */
export function command(): Command {
  return new Command("verify")
    .option("-s, --stack <name>", "the stack, so the catalogue in Pulumi.<name>.yaml", "dev")
    .option("--kubeconfig <file>", "the cluster's kubeconfig")
    .option("--context <name>", "the kubeconfig's context")
    .option("--patience <seconds>", "how long reality has to become as declared", seconds, 10)
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
 * @throws {Mistake} if nobody can be asked, or the catalogue has mistakes
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
  const { cluster, server, askIstiod } = await whomToAsk(options, catalogue);
  const deadline = Date.now() + (options.patience ?? 10) * 1000;
  for (;;) {
    const rows = rowsOf(catalogue, await askCluster(catalogue, server, askIstiod));
    const ok = rows.every((row) => row.ok);
    if (ok || Date.now() >= deadline) {
      return { catalogue: stackFile(options.stack), cluster, ok, rows };
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

const PAUSE_MS = 500;

interface Witnesses {
  cluster: string;
  server: ApiServer;
  askIstiod: AskIstiod;
}

async function whomToAsk(options: VerifyOptions, { mesh }: Catalogue): Promise<Witnesses> {
  const chosen = options.plane ? {} : clusterChoice(options);
  const isChosen = chosen.kubeconfig !== undefined || chosen.context !== undefined;
  const plane = options.plane ?? (isChosen ? undefined : await runningPlane());
  if (plane) {
    const server = await ApiServer.from({ kubeconfig: plane.kubeconfig });
    return { cluster: "the embedded mesh", server, askIstiod: inEmbeddedMesh(plane.istiod) };
  }
  const server = await ApiServer.from(chosen);
  return {
    cluster: server.server,
    server,
    askIstiod: throughPortForward(server, mesh.rootNamespace),
  };
}

/** What is typed counts before what is configured. */
function clusterChoice({ kubeconfig, context, stack }: VerifyOptions): ClusterChoice {
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

function reportTable({ catalogue, cluster, ok, rows }: VerifyReport): string {
  const table = columns(
    ["", "what", "declared", "found instead"],
    rows.map((row) => [row.ok ? "ok" : "FAIL", row.subject, row.expected, row.ok ? "" : row.found]),
  );
  const failed = rows.filter((row) => !row.ok).length;
  const conclusion = ok
    ? `All ${rows.length} are as ${catalogue} declares.`
    : `${failed} of ${rows.length} differ from what ${catalogue} declares.`;
  return `Asked ${cluster}.\n\n${table}\n\n${conclusion}\n`;
}
