/**
 * What previews and updates of growing catalogues cost, against a flat program that registers the same
 * Kubernetes objects without components. The programs take turns, so that a machine that slows down
 * slows all; the processor's time stands beside the clock.
 *
 *   npm run bench:size -- --help
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { Command } from "commander";
import { stringify } from "yaml";
import { CATALOGUE_KEY } from "../../catalogue/catalogue.js";
import { meshTools } from "../../cli/embedded.js";
import { buildPolicyPack, POLICY_PACK } from "../../cli/policy-pack.js";
import { type Engine, openEngine, openStack, pulumi$ } from "../../local/engine.js";
import { startPlane, stopPlane } from "../../local/plane.js";
import { REPOSITORY } from "../../local/toolchain/cache.js";
import { MAIN_PARTS, ensureToolchain } from "../../local/toolchain/index.js";
import { onTermination } from "../stack/termination.js";
import { writeFlat } from "./flat.js";
import { type Kind, KINDS, type Taken, watchProcesses } from "./processTree.js";
import { median } from "./ratios.js";
import { untilDone } from "../../cli/unfinished.js";

interface Options {
  aliases: string;
  turns: string;
  update?: boolean;
}

const VARIANTS = ["flat", "components", "with pack"] as const;
type Variant = (typeof VARIANTS)[number];

/** What one command took. */
interface Measured {
  clock: number;
  taken: Record<Kind, Taken>;
}

const program = new Command("bench:size")
  .description("Times previews and updates of catalogues of several sizes.")
  .option("--aliases <counts>", "sizes, separated by commas", "100,1000,3000")
  .option("--turns <turns>", "how often each", "3")
  .option("--update", "updates too, on an embedded mesh of its own; each destroyed before the next")
  .addHelpText("after", "\nReports, and never fails by a time. Markdown goes to standard output.")
  .action(bench);

async function bench({ aliases, turns, update = false }: Options): Promise<void> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "istio-egress-size-"));
  const stateDir = path.join(folder, "plane");
  const cleanUp = async () => {
    if (update) await stopPlane(stateDir);
    rmSync(folder, { recursive: true, force: true });
  };
  const isClean = onTermination(cleanUp);
  try {
    const toolchain = await ensureToolchain(MAIN_PARTS);
    await buildPolicyPack();
    const kubeconfig = update
      ? (await startPlane({ stateDir, tools: meshTools(toolchain) })).kubeconfig
      : nobodysKubeconfig(folder);
    const engine = await openEngine(toolchain, path.join(folder, "engine"), kubeconfig);
    console.log([HEAD, HEAD.replaceAll(/[^|]/g, "-")].join("\n"));
    for (const count of aliases.split(",").map(Number)) {
      for (const command of update ? (["preview", "up"] as const) : (["preview"] as const)) {
        const measured = await measure(engine, folder, count, command, Number(turns));
        // At once: a run that is given up keeps what it has measured.
        console.log(rowsOf(count, command, measured).join("\n"));
      }
    }
    const load = os.loadavg().map((minutes) => minutes.toFixed(1));
    console.log(`\nLoad at the end: ${load.join(", ")}`);
  } finally {
    await cleanUp();
    isClean();
  }
}

/** Half of them names outside whose sidecars encrypt (five objects), half addresses (three). */
function catalogue(count: number) {
  const aliases = Array.from({ length: count }, (_, i) => ({
    name: `alias-${i}`,
    ...(i % 2 === 0
      ? {
          externalName: `host-${i}.example.com`,
          ports: [{ name: "http", port: 80, targetPort: 443 }],
          tls: { mode: "SIMPLE" },
        }
      : {
          addresses: [`198.51.${100 + (i >> 8)}.${i & 255}`],
          ports: [{ name: "tls", port: 443 }],
          tls: { mode: "DISABLE" },
        }),
  }));
  return { clients: [], aliases };
}

async function measure(
  engine: Engine,
  folder: string,
  count: number,
  command: "preview" | "up",
  turns: number,
): Promise<Record<Variant, Measured[]>> {
  const ours = path.join(folder, `ours-${count}`);
  const flat = path.join(folder, `flat-${count}`);
  writeOurs(ours, count);
  await writeFlat(flat, "size", catalogue(count));
  const pack = ["--policy-pack", path.join(REPOSITORY, POLICY_PACK)];
  const all: Record<Variant, () => Promise<Measured>> = {
    flat: () => run(engine, command, { project: flat, program: flat, args: [] }),
    components: () => run(engine, command, { project: ours, program: REPOSITORY, args: [] }),
    "with pack": () => run(engine, command, { project: ours, program: REPOSITORY, args: pack }),
  };
  const measured: Record<Variant, Measured[]> = { flat: [], components: [], "with pack": [] };
  for (let turn = 0; turn < turns; turn++) {
    for (const variant of VARIANTS) {
      const one = await all[variant]();
      measured[variant].push(one);
      const kinds = KINDS.map((kind) => `${kind} ${one.taken[kind].seconds.toFixed(1)}`).join(", ");
      console.error(
        `${count} ${command} ${variant}: ${one.clock.toFixed(1)} s; processor: ${kinds}`,
      );
    }
  }
  return measured;
}

function writeOurs(folder: string, count: number): void {
  mkdirSync(folder, { recursive: true });
  const { aliases, ...rest } = catalogue(count);
  const file = path.join(folder, "aliases.yaml");
  writeFileSync(file, stringify({ aliases }));
  writeFileSync(
    path.join(folder, "Pulumi.yaml"),
    readFileSync(path.join(REPOSITORY, "Pulumi.yaml")),
  );
  const config = { [CATALOGUE_KEY]: { ...rest, files: [file] } };
  writeFileSync(path.join(folder, "Pulumi.size.yaml"), stringify({ config }));
}

/** Runs one command; an update's stack is destroyed again. */
async function run(
  engine: Engine,
  command: "preview" | "up",
  { project, program, args }: { project: string; program: string; args: string[] },
): Promise<Measured> {
  const config = await openStack(engine, project, "size");
  const common = [
    "-s",
    "size",
    "--config-file",
    config,
    "--non-interactive",
    "--suppress-progress",
  ];
  const sure = command === "up" ? ["--yes", "--skip-preview"] : [];
  const started = performance.now();
  const running = pulumi$(engine, [command, ...common, ...sure, ...args], { cwd: program });
  const watched = watchProcesses(running.pid!);
  await running;
  const clock = (performance.now() - started) / 1000;
  const taken = watched.stop();
  if (command === "up") {
    await pulumi$(engine, ["destroy", ...common, "--yes", "--skip-preview"], { cwd: program });
  }
  return { clock, taken };
}

const HEAD =
  "| aliases | command | program | clock | ratio | processor | ratio | program's memory | pack's memory |";

function rowsOf(count: number, command: string, measured: Record<Variant, Measured[]>): string[] {
  const processor = ({ taken }: Measured) =>
    KINDS.reduce((sum, kind) => sum + taken[kind].seconds, 0);
  /** Against the one before: the components against the flat program, the pack against none. */
  const before: Partial<Record<Variant, Variant>> = {
    components: "flat",
    "with pack": "components",
  };
  return VARIANTS.map((variant) => {
    const own = measured[variant];
    const other = measured[before[variant] ?? variant];
    const ratio = (of: (one: Measured) => number) =>
      before[variant] === undefined
        ? ""
        : median(own.map((one, turn) => of(one) / of(other[turn]!))).toFixed(2);
    const memory = (kind: Kind) => Math.max(...own.map(({ taken }) => taken[kind].megabytes));
    const cells = [
      String(count),
      command,
      variant,
      `${median(own.map(({ clock }) => clock)).toFixed(1)} s`,
      ratio(({ clock }) => clock),
      `${median(own.map(processor)).toFixed(1)} s`,
      ratio(processor),
      `${memory("program").toFixed(0)} MB`,
      variant === "with pack" ? `${memory("pack").toFixed(0)} MB` : "",
    ];
    return `| ${cells.join(" | ")} |`;
  });
}

/** Of a cluster that isn't there. */
function nobodysKubeconfig(folder: string): string {
  const file = path.join(folder, "kubeconfig");
  const name = "nobody";
  const content = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster: { server: "https://127.0.0.1:1" } }],
    users: [{ name, user: { token: "none" } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    "current-context": name,
  };
  writeFileSync(file, stringify(content));
  return file;
}

void untilDone(program.parseAsync(), 2);
