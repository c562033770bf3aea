import { existsSync, linkSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { type ListrTask, Listr } from "listr2";
import { type Workplace, buildFolder, buildPart, buildStandardLibrary, download } from "./build.js";
import { withLock } from "../lock.js";
import { cacheLock, cacheRoot, partFolder, removeHalfBuilt, requireSpace } from "./cache.js";
import { installedTools } from "./installed.js";
import { type Binary, PARTS, type Part } from "./parts.js";
import { Estimate } from "./progress.js";

export { ToolchainError, cacheRoot } from "./cache.js";
export * from "./parts.js";

/** Where each program is, and the folder of kwok's stages. */
export interface Toolchain {
  binaries: Readonly<Record<Binary, string>>;
  /** Folder of the YAML files that tell kwok how Nodes and Pods come up. */
  kwokStages: string;
}

/** What the main job needs: all but what only the tests run. */
export const MAIN_PARTS: readonly string[] = PARTS.filter((part) => !part.forTests).map(
  (part) => part.name,
);

/**
 * Finds every program, building what is neither installed nor cached.
 * @param names the parts that are needed. @default all
 * @throws ToolchainError where a person has to do something first (no Go, no space)
 */
export async function ensureToolchain(
  names: readonly string[] = PARTS.map((part) => part.name),
): Promise<Toolchain> {
  const root = cacheRoot();
  const needed = PARTS.filter((part) => names.includes(part.name));
  const isBuilt = (part: Part) => existsSync(partFolder(part, root));
  const installed = needed.every(isBuilt) ? {} : await installedTools();
  const isMissing = (part: Part) =>
    !isBuilt(part) && !part.binaries.every(({ name }) => installed[name] !== undefined);

  if (needed.some(isMissing)) {
    requireSpace(root);
    await withLock(cacheLock(root), () => build(needed.filter(isMissing), root), {
      patience: Infinity,
      onWait: (pid) => console.error(`Another process (${pid}) builds the tools; waiting for it.`),
    });
  }
  const tools = toolchain(root, installed);
  if (names.includes("pulumi")) putHostBesideCli(tools, installed);
  return tools;
}

/** The CLI warns about a language host that it finds anywhere but beside itself. */
function putHostBesideCli(tools: Toolchain, installed: Partial<Record<Binary, string>>): void {
  if (installed.pulumi) return;
  const host = tools.binaries["pulumi-language-nodejs"];
  const beside = path.join(path.dirname(tools.binaries.pulumi), path.basename(host));
  if (existsSync(beside) && statSync(beside).ino === statSync(host).ino) return;
  rmSync(beside, { force: true });
  linkSync(host, beside);
}

function toolchain(root: string, installed: Partial<Record<Binary, string>>): Toolchain {
  const built = PARTS.flatMap((part) =>
    part.binaries.map(({ name }) => [name, path.join(partFolder(part, root), name)] as const),
  );
  const kwok = PARTS.find((part) => part.name === "kwok")!;
  return {
    binaries: { ...(Object.fromEntries(built) as Record<Binary, string>), ...installed },
    kwokStages: path.join(partFolder(kwok, root), "stages"),
  };
}

/** Builds what is missing; modules side by side, the parts of a module one after another. */
export async function build(missing: readonly Part[], root: string): Promise<void> {
  removeHalfBuilt(root);
  // Another process may have built some of it while we waited for the lock.
  const parts = missing.filter((part) => !existsSync(partFolder(part, root)));
  if (parts.length === 0) return;
  const estimate = new Estimate(parts);
  const failed = new AbortController();
  const place: Workplace = { root, signal: failed.signal };
  const modules = [...new Set(parts.map((part) => part.module))];

  const tasks: ListrTask[] = [
    {
      title: "Download the sources",
      task: () => Promise.all(modules.map((module) => download(module, place))),
    },
    { title: "Compile Go's standard library", task: () => buildStandardLibrary(place) },
    {
      title: estimate.title(),
      task: (_, task) => {
        estimate.follow((title) => (task.title = title));
        const lane = (mine: Part[]): ListrTask => ({
          title: mine.map(({ name }) => name).join(", "),
          task: (_context, laneTask) =>
            laneTask.newListr(
              mine.map((part) => partTask(part, place, estimate, failed)),
              { concurrent: false },
            ),
        });
        return task.newListr(lanes(parts).map(lane), { concurrent: true });
      },
    },
  ];
  console.error(
    "Some tools are neither installed nor built yet. They are built once, into a cache outside\n" +
      `this checkout (${root}). It can be interrupted; the next run goes on from there.\n`,
  );
  try {
    await new Listr(tasks, { fallbackRenderer: "simple" }).run();
  } catch (error) {
    throw failed.signal.aborted ? failed.signal.reason : error;
  } finally {
    estimate.stop();
  }
  if (!process.env.ISTIO_EGRESS_KEEP_BUILD) {
    rmSync(buildFolder(root), { recursive: true, force: true });
  }
}

/** Two lanes of about the same length, none of which compiles what the other does. */
function lanes(parts: readonly Part[]): Part[][] {
  const isPulumi = ({ module }: Part) => /\/(pulumi|nodejs-host)$/.test(module);
  return [parts.filter(isPulumi), parts.filter((part) => !isPulumi(part))].filter(
    (lane) => lane.length > 0,
  );
}

function partTask(
  part: Part,
  place: Workplace,
  estimate: Estimate,
  failed: AbortController,
): ListrTask {
  return {
    title: part.title,
    task: async (_, task) => {
      const started = Date.now();
      try {
        await buildPart(part, place);
      } catch (error) {
        // The other lane stops too; the first failure is the one to tell.
        if (!failed.signal.aborted) failed.abort(error);
        throw new Error("failed", { cause: error });
      }
      estimate.finish(part);
      task.title = `${part.title} (${Math.round((Date.now() - started) / 1000)} s)`;
    },
  };
}
