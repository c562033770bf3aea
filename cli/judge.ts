import { writeFile } from "node:fs/promises";
import { Command, InvalidArgumentError, Option } from "commander";
import { findFiles, openInput, STDIN } from "./input/files.js";
import { writePieces } from "./format/write.js";
import { readBaseline, sinceBaseline } from "./baseline.js";
import * as options from "./input/options.js";
import { meshConfigIn } from "./input/mesh-config.js";
import { readManifests } from "./input/reading.js";
import { exitCodeOf, type Judgement, judgementOf, type JudgementInput } from "./judgement.js";
import { Mistake } from "./mistake.js";
import { Progress } from "./progress.js";
import { call as readCall } from "./input/call.js";
import { type Call, type Client, NEWEST_VERSION } from "../mesh/index.js";
import common from "../packages/common.json";

interface JudgeOptions {
  file?: string[];
  namespace?: string;
  client?: Client[];
  kube?: boolean;
  kubeconfig?: string;
  context?: string;
  json?: boolean;
  sarif?: boolean;
  sarifFile?: string;
  jsonLines?: boolean;
  call?: Call[];
  calls?: boolean;
  explain?: boolean;
  baseline?: string;
  watch?: boolean;
  metricsPort?: number;
  metricsAddress: string;
  events?: boolean;
}

const HELP = `
Examples:
  istio-egress judge -f examples/task.yaml
  istio-egress judge -f deploy/ -f policies.yaml --client default --client shop:app=web
  helm template my-chart | istio-egress judge -f - --namespace shop
  istio-egress judge --kube --context staging
  istio-egress judge -f deploy/ --sarif > egress.sarif
  istio-egress judge -f deploy/ --baseline before.sarif
  istio-egress judge --kube --watch --metrics-port 9090
  istio-egress judge --json-lines < examples/meshes.jsonl
  istio-egress judge -f deploy/ --calls
  istio-egress judge -f deploy/ --call "shop -> https://db.example.com:5432"

Files are read as kubectl apply reads them: YAML 1.1, the last one of an object that is given twice,
and strictly. What the API server would refuse of what is judged is refused, with where it stands.
A mesh configuration among them (istiod's ConfigMap, an IstioOperator, an Istio) counts, unless an
option says otherwise.

Clients: without --client and --gateway the objects themselves say which there are: one for each
namespace that they name, one more for each set of labels that a rule there selects by.

--calls says for each alias and declared port what becomes of the call: does it arrive outside, and
is it encrypted as declared? --call judges one. It says who calls, what is sent and to whom, and,
after "at", where the application connects to if not to the name itself (as curl --resolve does):
  "shop:app=web -> http://my-httpbin.default/headers"
  "default -> https://en.wikipedia.org:443 at my-wikipedia.default"

--baseline takes what --sarif wrote for an older state. Findings that it has don't count: they are
left out of what is printed and of the exit code. In SARIF they stay, as unchanged.

--watch keeps judging a cluster (--kube) until it is interrupted. It prints what becomes a violation
or undecided and what is resolved, with --json as a line of JSON each. --metrics-port serves metrics
for Prometheus, and --events writes a Kubernetes Event for the rule. It needs the right to watch
what is listed, and for --events to create events.

--json-lines reads one mesh a line and prints one answer a line, in order:
  {"id": "1", "objects": [...], "clients": [{"namespace": "default", "labels": {"app": "web"}}],
   "mesh": {"istioVersion": "${NEWEST_VERSION}", "rootNamespace": "istio-system", "enableAutoMtls": true}}
  {"id": "1", "effective": [{"client": 0, "host": "...", "port": 443, "subset": "", "tls": "PLAIN",
   "rule": "ns/name"}], "verdicts": [{"alias": "ns/name", "client": 0, "port": 443, ...}]}
"effective" has every cluster that istiod would send to the client. A line without "clients" is
answered with the ones that were judged; one that can't be read with {"id", "error"}.

Reading a cluster takes the right to list services, pods, namespaces, deployments, endpointslices,
Istio's networking and security objects, and to get the ConfigMaps istio and istio-sidecar-injector
in the root namespace. Where EnvoyFilters and the Gateway API's objects can't be listed, a note says
so.

Exit codes: 0 ok, 1 a violation, 2 bad input, 3 something undecided and no violation.
With --json-lines: 0 if every line could be read, else 2.`;

/** `istio-egress judge`: what TLS each client will use towards each external alias. */
export function command(): Command {
  const command = new Command("judge")
    .argument("[files...]", "the same as --file")
    .option(
      "-f, --file <files...>",
      "YAML or JSON files, directories of them, or - for standard input",
    )
    .addOption(options.namespaceOption().conflicts(["kube", "jsonLines"]))
    .addOption(new Option("--kube", "judge a live cluster, reading only").conflicts("file"))
    .option("--kubeconfig <file>", "for --kube; as kubectl finds it by default")
    .option("--context <name>", "for --kube; the kubeconfig's current one by default")
    .option("--client <ns[:k=v,...]>", "who calls, repeatable", options.client)
    .option("--gateway <ns[:k=v,...]>", "a gateway that calls, repeatable", options.gateway)
    .addOption(
      new Option("--call <call>", "judge one call instead, repeatable")
        .argParser(readCall)
        .conflicts(["calls", "jsonLines", "baseline"]),
    )
    .addOption(new Option("--calls", "judge the calls to all aliases, too").conflicts("jsonLines"))
    .option("--explain", "with --call or --calls: every hop of every call")
    .addOption(new Option("--json", "everything, for programs").conflicts(["sarif", "jsonLines"]))
    .addOption(new Option("--sarif", "SARIF 2.1.0, for code scanning").conflicts("jsonLines"))
    .addOption(
      new Option("--sarif-file <file>", "the same, into a file beside what is printed").conflicts([
        "sarif",
        "jsonLines",
      ]),
    )
    .addOption(new Option("--json-lines", "one mesh a line in, one answer a line out"))
    .addOption(
      new Option(
        "--baseline <file>",
        "SARIF of an older state: only findings that it hasn't count",
      ).conflicts("jsonLines"),
    )
    .addOption(
      new Option("--watch", "go on: judge --kube again as it changes").conflicts(NOT_WATCHED),
    )
    .addOption(new Option("--metrics-port <port>", "for --watch: Prometheus").argParser(portNumber))
    .option("--metrics-address <ip>", "for --watch: where to listen", "127.0.0.1")
    .option("--events", "for --watch: Kubernetes Events on rules that are violations")
    .addHelpText("after", HELP);
  return options.addFactOptions(command).action(run);
}

const NOT_WATCHED = ["sarif", "sarifFile", "baseline", "jsonLines"];

function portNumber(text: string): number {
  const port = Number(text);
  if (text.trim() !== "" && Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new InvalidArgumentError("Write a port such as 9090, or 0 for any that is free.");
}

async function run(
  files: string[],
  given: JudgeOptions & { gateway?: Client[] },
  command: Command,
): Promise<void> {
  options.requireWith(command, "kube", ["kubeconfig", "context", "watch"]);
  options.requireWith(command, "watch", ["metricsPort", "metricsAddress", "events"]);
  const names = [...files, ...(given.file ?? [])];
  const clients = [...(given.client ?? []), ...(given.gateway ?? [])];
  const progress = new Progress();
  if (given.jsonLines) {
    process.exitCode = await runLines(names, clients, given, progress);
    return;
  }
  if (given.kube && names.length > 0) {
    throw new Mistake(`a live cluster or files, not both: give --kube or ${names.join(" ")}.`);
  }
  if (given.watch) {
    await watch(clients, given);
    return;
  }
  const question: JudgementInput = given.kube
    ? await fromCluster(given, progress)
    : await fromFiles(names, given, progress);
  if (given.explain && !given.call && !given.calls) {
    throw new Mistake("--explain does nothing without --call or --calls: give one of them.");
  }
  progress.report(() => `judging ${question.manifests.length} objects`);
  const calls = given.call ?? (given.calls ? "all" : []);
  const all = judgementOf({ ...question, ...(clients.length > 0 && { clients }), calls });
  // A judgement of one call shows nothing else.
  const judgement = given.call ? { ...all, verdicts: [], inert: [], shadowed: [] } : all;
  const baseline = given.baseline === undefined ? undefined : await readBaseline(given.baseline);
  const counted = baseline ? sinceBaseline(judgement, baseline) : judgement;
  progress.done();
  // Code scanning takes a finding that is left out for one that is fixed.
  const forScanning = () => sarif({ ...counted, verdicts: judgement.verdicts }, baseline);
  if (given.sarifFile !== undefined) await writeFile(given.sarifFile, await forScanning());
  await writePieces(
    process.stdout,
    given.sarif ? await forScanning() : await formatted(counted, given),
  );
  process.exitCode = exitCodeOf(counted);
}

async function runLines(
  names: readonly string[],
  clients: readonly Client[],
  given: JudgeOptions,
  progress: Progress,
): Promise<number> {
  if (clients.length > 0 || given.kube || names.length > 1) {
    throw new Mistake(
      "--json-lines reads one file, or standard input, whose lines name their clients.",
    );
  }
  const { judgeLines } = await import("./judge-lines.js");
  const [file = STDIN] = await findFiles(names);
  const code = await judgeLines(
    openInput(file),
    process.stdout,
    options.factsFrom(given),
    progress,
  );
  progress.done();
  return code;
}

async function watch(clients: readonly Client[], given: JudgeOptions): Promise<void> {
  const { watchCluster } = await import("./watch/watch.js");
  const { kubeconfig, context, metricsPort, metricsAddress: address } = given;
  await watchCluster(
    {
      facts: options.factsFrom(given),
      ...(clients.length > 0 && { clients }),
      ...(kubeconfig !== undefined && { kubeconfig }),
      ...(context !== undefined && { context }),
      json: given.json === true,
      ...(metricsPort !== undefined && { metrics: { address, port: metricsPort } }),
      events: given.events === true,
    },
    // An interruption ends the process.
    new AbortController().signal,
  );
}

async function fromFiles(
  names: readonly string[],
  given: JudgeOptions,
  progress: Progress,
): Promise<JudgementInput> {
  if (names.length === 0) {
    throw new Mistake("nothing to judge: give -f FILES, -f - for standard input, or --kube.");
  }
  const { namespace } = given;
  const { manifests, notes } = await readManifests(names, { namespace, progress });
  const said = options.factsFrom(given);
  const config = meshConfigIn(manifests, said);
  return {
    manifests,
    facts: { ...config.facts, ...said },
    notes: [...notes, ...config.notes],
  };
}

async function fromCluster(given: JudgeOptions, progress: Progress): Promise<JudgementInput> {
  const { ApiServer } = await import("./kube/api-server.js");
  const { readCluster } = await import("./input/cluster.js");
  const server = await ApiServer.from(given);
  const said = options.factsFrom(given);
  const { manifests, facts } = await readCluster(server, said, progress);
  return { manifests, facts: { ...facts, ...said } };
}

async function formatted(judgement: Judgement, given: JudgeOptions): Promise<Iterable<string>> {
  if (given.json) return (await import("./format/json.js")).judgementJson(judgement);
  const [{ judgementTable }, { colour }] = await Promise.all([
    import("./format/table.js"),
    import("./format/colour.js"),
  ]);
  const paint = await colour();
  if (judgement.calls.length === 0 && !given.call) return [judgementTable(judgement, paint)];
  const { callsTable } = await import("./format/calls.js");
  const calls = `${callsTable(judgement.calls, paint, given.explain === true)}\n`;
  return given.call ? [calls] : [`${judgementTable(judgement, paint)}\n${calls}`];
}

async function sarif(
  judgement: Judgement,
  baseline?: ReadonlySet<string>,
): Promise<Iterable<string>> {
  const { judgementSarif } = await import("./format/sarif.js");
  return judgementSarif([judgement], common.version, baseline);
}
