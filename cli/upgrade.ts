import { Command, Option } from "commander";
import { colour } from "./format/colour.js";
import * as options from "./input/options.js";
import { Mistake } from "./mistake.js";
import { filesSeen, type StackLook, stackSeen } from "./posture/look.js";
import type { Seen } from "./posture/seen.js";
import { Progress } from "./progress.js";
import { exitCodeOf, type Upgrade, upgradeOf } from "./upgrade/report.js";
import { type Client, DEFAULT_FACTS, isNewerThanKnown, NEWEST_VERSION } from "../mesh/index.js";

interface UpgradeOptions extends StackLook {
  from?: string;
  to: string;
  through?: boolean;
  file?: string[];
  namespace?: string;
  stack?: string;
  kube?: boolean;
  kubeconfig?: string;
  context?: string;
  client?: Client[];
  gateway?: Client[];
  format: (typeof FORMATS)[number];
}

const FORMATS = ["table", "markdown", "json"] as const;

const HELP = `
Examples:
  istio-egress upgrade --from 1.22 --to ${NEWEST_VERSION} -f deploy/
  istio-egress upgrade --from 1.20 -f deploy/ --through          minor version by minor version
  istio-egress upgrade --kube --context staging --to ${NEWEST_VERSION}        from the version that runs there
  istio-egress upgrade --stack staging --deployed --to ${NEWEST_VERSION}      from the version of its catalogue

Judges the same objects under both versions, and says what becomes of each client's calls to each
alias, the worst first:
  breaks       a call becomes a violation or leads to other servers; the sidecar starts or stops TLS
               of its own, begins to check the server's certificate, or checks less
  undecided    it depends on a value that isn't known
  changes      another cluster or rule, with the same on the wire
  gets better  a violation today, and none afterwards

Where something breaks, it looks for objects that keep every call as it is under both versions, and
after each step on the way there. Write them, then upgrade. --to may be older than --from: a way
back is rehearsed the same way.

Exit codes: 0 nothing breaks, 1 something does, 2 bad input, 3 undecided only.`;

/** `istio-egress upgrade`: what another version of Istio changes for each alias. */
export function command(): Command {
  const command = new Command("upgrade")
    .argument("[files...]", "the same as --file")
    .option(
      "--from <version>",
      "Istio's version today; a stack and a cluster know it",
      options.version,
    )
    .option("--to <version>", "the version to come", options.version, DEFAULT_FACTS.istioVersion)
    .option("--through", "one minor version after another, each with what to write before it")
    .addOption(
      new Option("-f, --file <files...>", "YAML or JSON files, directories, or -").conflicts([
        "stack",
        "kube",
      ]),
    )
    .addOption(options.namespaceOption().conflicts(["stack", "kube"]))
    .addOption(
      new Option("-s, --stack <name>", "a stack of the Pulumi project here").conflicts("kube"),
    )
    .option("--deployed", "the stack as its last update left it, not as a preview sees it")
    .option("--project <folder>", "the folder of Pulumi.yaml", ".")
    .option("--policy-pack <folder>", "instead of this package's own")
    .option("--policy-pack-config <file>", "the pack's configuration")
    .option("--embedded", "the embedded engine, not the pulumi on the PATH")
    .option("--kube", "a live cluster, reading only")
    .option("--kubeconfig <file>", "for --kube; as kubectl finds it by default")
    .option("--context <name>", "for --kube; the kubeconfig's current one by default")
    .option("--client <ns[:k=v,...]>", "who calls, repeatable", options.client)
    .option("--gateway <ns[:k=v,...]>", "a gateway that calls, repeatable", options.gateway)
    .addOption(new Option("--format <format>", "how to write it").choices(FORMATS).default("table"))
    .addHelpText("after", HELP);
  return options.addFactsBesideVersion(command).action(run);
}

/** What says which stack is meant, or how it is looked at. */
const OF_STACK = ["deployed", "embedded", "project", "policyPack", "policyPackConfig"];

async function run(files: string[], given: UpgradeOptions, command: Command): Promise<void> {
  options.requireWith(command, "stack", OF_STACK);
  options.requireWith(command, "kube", ["kubeconfig", "context"]);
  const names = [...files, ...(given.file ?? [])];
  const seen = await seenIn(names, given);
  const from = given.from ?? seen.facts.istioVersion;
  if (from === undefined) {
    throw new Mistake(
      `${seen.source} doesn't say which Istio runs today: write --from, such as --from 1.22.`,
    );
  }
  if (from === given.to) {
    throw new Mistake(
      `--to ${given.to} is the version that it is an upgrade from: name another one.`,
    );
  }
  for (const [option, version] of Object.entries({ "--from": from, "--to": given.to })) {
    if (!isNewerThanKnown(version)) continue;
    throw new Mistake(
      `${option} ${version}: nothing is known of that version; the newest one that is judged is ${NEWEST_VERSION}.`,
    );
  }
  const clients = [...(given.client ?? []), ...(given.gateway ?? [])];
  const upgrade = upgradeOf(seen, {
    ...{ from, to: given.to, through: given.through, facts: options.factsFrom(given) },
    ...(clients.length > 0 && { clients }),
  });
  process.stdout.write(await formatted(upgrade, given.format));
  process.exitCode = exitCodeOf(upgrade);
}

async function seenIn(names: readonly string[], given: UpgradeOptions): Promise<Seen> {
  if (names.length > 0 && (given.kube || given.stack !== undefined)) {
    throw new Mistake(
      `a stack, a cluster or files: give --stack, --kube or ${names.join(" ")}, one of them.`,
    );
  }
  if (given.kube) return clusterSeen(given);
  if (given.stack !== undefined) return stackSeen(given.stack, given);
  if (names.length > 0) {
    const seen = await filesSeen(names, given);
    if (seen.clusters.flat().length > 0) return seen;
    throw new Mistake(`${seen.source}: there is no Kubernetes object, so nothing to rehearse.`);
  }
  throw new Mistake(
    "nothing to look at: give -f FILES, -f - for standard input, --stack NAME or --kube.",
  );
}

async function clusterSeen(given: UpgradeOptions): Promise<Seen> {
  const { ApiServer } = await import("./kube/api-server.js");
  const { readCluster } = await import("./input/cluster.js");
  const server = await ApiServer.from(given);
  const progress = new Progress();
  const { manifests, facts } = await readCluster(server, options.factsFrom(given), progress);
  progress.done();
  return { source: server.server, clusters: [manifests], facts, clients: [], notes: [] };
}

async function formatted(upgrade: Upgrade, format: UpgradeOptions["format"]): Promise<string> {
  switch (format) {
    case "json":
      return `${JSON.stringify(upgrade, undefined, 2)}\n`;
    case "markdown":
      return `${(await import("./upgrade/markdown.js")).upgradeMarkdown(upgrade)}\n`;
    case "table":
      return (await import("./upgrade/table.js")).upgradeTable(upgrade, await colour());
  }
}
