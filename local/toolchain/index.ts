import { existsSync, rmSync } from "node:fs";
import path from "node:path";
import { type ListrTask, Listr } from "listr2";
import { buildFolder, buildPart, buildStandardLibrary, download } from "./build.js";
import { cacheRoot, partFolder, removeHalfBuilt, requireSpace, withCacheLock } from "./cache.js";
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

/** What the main job needs: all but the oracle of the tests. */
export const MAIN_PARTS: readonly string[] = PARTS.map((part) => part.name).filter(
  (name) => name !== "oracle",
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
    await withCacheLock(root, announceWait, () => build(needed.filter(isMissing), root));
  }
  return toolchain(root, installed);
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

let waitAnnounced = false;
function announceWait(pid: number): void {
  if (!waitAnnounced)
    console.error(`Another process (${pid}) is building the tools; waiting for it.`);
  waitAnnounced = true;
}

/** Builds what is missing; modules side by side, the parts of a module one after another. */
async function build(missing: readonly Part[], root: string): Promise<void> {
  removeHalfBuilt(root);
  // Another process may have built some of it while we waited for the lock.
  const parts = missing.filter((part) => !existsSync(partFolder(part, root)));
  if (parts.length === 0) return;
  const estimate = new Estimate(parts);
  const modules = [...new Set(parts.map((part) => part.module))];
  const lanes = [
    parts.filter((part) => part.module === "pulumi" || part.module === "nodejs-host"),
    parts.filter((part) => part.module === "mesh" || part.module === "etcd"),
  ].filter((lane) => lane.length > 0);

  const tasks: ListrTask[] = [
    {
      title: "Download the sources",
      task: () => Promise.all(modules.map((module) => download(module, root))),
    },
    { title: "Compile Go's standard library", task: () => buildStandardLibrary(root) },
    {
      title: estimate.title(),
      task: (_, task) => {
        estimate.follow((title) => (task.title = title));
        return task.newListr(
          lanes.map((lane) => ({
            title: lane.map((part) => part.title).join(", "),
            task: (_context, laneTask) =>
              laneTask.newListr(
                lane.map((part) => partTask(part, root, estimate)),
                { concurrent: false },
              ),
          })),
          { concurrent: true },
        );
      },
    },
  ];
  console.error(
    "Some tools are neither installed nor built yet. They are built once, into a cache outside\n" +
      `this checkout (${root}). It can be interrupted; the next run goes on from there.\n`,
  );
  try {
    await new Listr(tasks, { fallbackRenderer: "simple" }).run();
  } finally {
    estimate.stop();
  }
  if (!process.env.ISTIO_EGRESS_KEEP_BUILD) {
    rmSync(buildFolder(root), { recursive: true, force: true });
  }
}

function partTask(part: Part, root: string, estimate: Estimate): ListrTask {
  return {
    title: part.title,
    task: async (_, task) => {
      const started = Date.now();
      await buildPart(part, root);
      estimate.finish(part);
      task.title = `${part.title} (${Math.round((Date.now() - started) / 1000)} s)`;
    },
  };
}
