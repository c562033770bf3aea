import { Command, Option } from "commander";
import * as options from "./input/options.js";
import { readManifests } from "./input/reading.js";
import { ExitCode, Mistake } from "./mistake.js";
import { Progress } from "./progress.js";
import { type KubeObject, type MeshFacts, NEWEST_VERSION } from "../mesh/index.js";

interface ImportOptions {
  file?: string[];
  namespace?: string;
  only?: string[];
  kube?: boolean;
  kubeconfig?: string;
  context?: string;
  fix?: boolean;
}

const HELP = `
Examples:
  istio-egress import --kube --context staging > Pulumi.staging.yaml
  istio-egress import --kube --only shop --only payments > Pulumi.shop.yaml
  istio-egress import -f deploy/ > Pulumi.dev.yaml

Standard output is a stack file: the catalogue that says what is there, the mesh's facts as far as
they could be read, and a key by which the first \`pulumi up\` takes the objects over from whoever
applied them: none is replaced, and no client gets another TLS than it has. Nothing is written to
the cluster. Standard error says what is taken over, what \`up\` makes besides, and what isn't in
the catalogue, with the reason.

An alias is imported if the catalogue's objects are the ones that are there, and if the model says
that no client's clusters change. A rule that sends Istio's mutual TLS outside leaves its alias out;
--fix declares it as DISABLE, and lets rules name the server that they encrypt to.

Reading a cluster takes what \`judge --kube\` takes, and the right to list endpoints.

Exit codes: 0 every alias is in the catalogue, 1 one isn't because it gets Istio's mutual TLS,
2 bad input, 3 another one isn't.`;

/** `istio-egress import`: the catalogue of what was applied without one. */
export function command(): Command {
  const command = new Command("import")
    .argument("[files...]", "the same as --file")
    .option(
      "-f, --file <files...>",
      "YAML or JSON files, directories of them, or - for standard input",
    )
    .addOption(options.namespaceOption().conflicts("kube"))
    .addOption(new Option("--kube", "import from a live cluster, reading only").conflicts("file"))
    .option("--kubeconfig <file>", "for --kube; as kubectl finds it by default")
    .option("--context <name>", "for --kube; the kubeconfig's current one by default")
    .addOption(
      new Option(
        "--only <namespace>",
        "only aliases in this namespace, repeatable (default: all)",
      ).argParser((text: string, before: string[] = []) => [...before, text]),
    )
    .option("--fix", "declare what is a fault today as what it should be")
    .addHelpText("after", HELP);
  return options.addFactOptions(command).action(run);
}

async function run(files: string[], given: ImportOptions, command: Command): Promise<void> {
  options.requireWith(command, "kube", ["kubeconfig", "context"]);
  const names = [...files, ...(given.file ?? [])];
  if (given.kube && names.length > 0) {
    throw new Mistake(`a live cluster or files, not both: give --kube or ${names.join(" ")}.`);
  }
  const progress = new Progress();
  const { objects, facts, source, notes } = given.kube
    ? await fromCluster(given, progress)
    : await fromFiles(names, given, progress);
  progress.report(() => `reading the aliases of ${objects.length} objects`);
  const [{ importCatalogue }, { importReport }, { stackText }] = await Promise.all([
    import("./import/import-catalogue.js"),
    import("./import/report.js"),
    import("./import/stack-text.js"),
  ]);
  const { only: namespaces, fix } = given;
  const imported = importCatalogue({ objects, facts, namespaces, fix });
  progress.done();
  for (const note of notes) process.stderr.write(`note: ${note}\n`);
  process.stderr.write(importReport(imported));
  process.stdout.write(stackText(imported, source));
  process.exitCode = exitCodeOf(imported.leftOut);
}

interface Source {
  objects: KubeObject[];
  facts: Partial<MeshFacts>;
  /** For people. */
  source: string;
  notes: readonly string[];
}

async function fromFiles(
  names: readonly string[],
  given: ImportOptions,
  progress: Progress,
): Promise<Source> {
  if (names.length === 0) {
    throw new Mistake("nothing to import: give -f FILES, -f - for standard input, or --kube.");
  }
  const { manifests, notes } = await readManifests(names, { ...given, progress });
  const objects = manifests.map(({ object }) => object);
  return { objects, facts: options.factsFrom(given), source: names.join(" "), notes };
}

async function fromCluster(given: ImportOptions, progress: Progress): Promise<Source> {
  const [{ ApiServer }, { readCluster }, { withEndpoints }] = await Promise.all([
    import("./kube/api-server.js"),
    import("./input/cluster.js"),
    import("./import/endpoints.js"),
  ]);
  const server = await ApiServer.from(given);
  const said = options.factsFrom(given);
  const { manifests, facts } = await readCluster(server, said, progress);
  const objects = await withEndpoints(
    manifests.map(({ object }) => object),
    server,
  );
  const isKnown = (said.istioVersion ?? facts.istioVersion) !== undefined;
  return {
    objects,
    facts: { ...facts, ...said },
    source: server.server,
    notes: isKnown
      ? []
      : [
          `Istio's version can't be seen in the cluster; ${NEWEST_VERSION} is assumed. Give --istio-version.`,
        ],
  };
}

function exitCodeOf(leftOut: readonly { isViolation: boolean }[]): ExitCode {
  if (leftOut.some(({ isViolation }) => isViolation)) return ExitCode.Violation;
  return leftOut.length > 0 ? ExitCode.Undecided : ExitCode.Ok;
}
