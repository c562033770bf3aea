import { existsSync, linkSync, readdirSync, rmSync, statSync } from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import { type ListrTask, Listr } from "listr2";
import { withLock } from "../lock.js";
import { requireLinux } from "../platform.js";
import { type Workplace, buildFolder, buildParts, download, packagesOf } from "./build.js";
import {
  cacheLock,
  cacheRoot,
  isBuilt,
  partFolder,
  removeHalfBuilt,
  requireSpace,
} from "./cache.js";
import { installedTools } from "./installed.js";
import { type Binary, PARTS, type Part } from "./parts.js";
import { Progress } from "./progress.js";

export { ToolchainError, cacheRoot } from "./cache.js";
export * from "./parts.js";

/** Where each program is, and the folder of kwok's stages. */
export interface Toolchain {
  binaries: Readonly<Record<Binary, string>>;
  /** Folder of the YAML files that define for kwok how Nodes and Pods come up. */
  kwokStages: string;
}

/** What the main job needs: all but what only the tests run. */
export const MAIN_PARTS: readonly string[] = PARTS.filter((part) => !part.forTests).map(
  (part) => part.name,
);

/**
 * Finds every program, building what is neither installed nor cached.
 * @param names the parts that are needed. @default all
 * @throws {Mistake} where a person has to do something first (no Linux, no Go, no space)
 */
export async function ensureToolchain(
  names: readonly string[] = PARTS.map((part) => part.name),
): Promise<Toolchain> {
  requireLinux();
  const root = cacheRoot();
  const needed = PARTS.filter((part) => names.includes(part.name));
  const installed = needed.every((part) => isBuilt(part, root)) ? {} : await installedTools();
  const isMissing = (part: Part) =>
    !isBuilt(part, root) && !part.binaries.every(({ name }) => installed[name] !== undefined);

  if (needed.some(isMissing)) {
    requireSpace(root);
    const modules = new Set(needed.filter(isMissing).map(({ module }) => module));
    // A module's other parts share nearly all of their packages with those that are needed: to build
    // them at the same time takes seconds, later it takes minutes.
    const missing = PARTS.filter((part) => modules.has(part.module) && isMissing(part));
    await withLock(cacheLock(root), () => build(missing, root), {
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

/** Builds what is missing, one module after another. */
export async function build(missing: readonly Part[], root: string): Promise<void> {
  removeHalfBuilt(root);
  // Another process may have built some of it while we waited for the lock.
  const parts = missing.filter((part) => !isBuilt(part, root));
  if (parts.length === 0) return;
  const stopped = new AbortController();
  const place: Workplace = { root, signal: stopped.signal };
  const modules = [...new Set(parts.map(({ module }) => module))].map((module) =>
    parts.filter((part) => part.module === module),
  );
  const progress = new Progress(parts.length);

  const tasks: ListrTask[] = [
    {
      title: "Download the sources",
      task: failingBriefly(async () => {
        await Promise.all(modules.map(([part]) => download(part!.module, place)));
        await Promise.all(
          modules.map(async (mine) => progress.expect(mine, await packagesOf(mine, place))),
        );
      }),
    },
    {
      title: "Build the tools",
      task: (_, task) => {
        progress.follow((title) => (task.title = title));
        return task.newListr(modules.map((mine) => moduleTask(mine, place, progress)));
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
    throw (error as Error).cause ?? error;
  } finally {
    stopped.abort();
    progress.stop();
  }
  if (!process.env.ISTIO_EGRESS_KEEP_BUILD) {
    await removeBuild(root);
  }
}

/** Removes what Go downloaded and compiled: some hundred thousand files, so its folders side by side. */
async function removeBuild(root: string): Promise<void> {
  const build = buildFolder(root);
  const remove = (folder: string) => rm(folder, { recursive: true, force: true });
  await Promise.all(readdirSync(build).map((name) => remove(path.join(build, name))));
  await remove(build);
}

function moduleTask(parts: readonly Part[], place: Workplace, progress: Progress): ListrTask {
  return {
    title: moduleTitle(parts),
    task: failingBriefly(async (_, task) => {
      const started = Date.now();
      await buildParts(parts, progress.packages(parts), place, (one) => progress.compiled(one));
      progress.finish(parts);
      task.title = `${moduleTitle(parts)} (${Math.round((Date.now() - started) / 1000)} s)`;
    }),
  };
}

/** The list of tasks marks the one that failed; the reason is printed once, below the list. */
function failingBriefly(task: ListrTask["task"]): ListrTask["task"] {
  return async (context, wrapper) => {
    try {
      await task(context, wrapper);
    } catch (cause) {
      throw new Error("failed", { cause });
    }
  };
}

/** What a person reads while a module is built: the tools by name, those of the tests by number. */
function moduleTitle(parts: readonly Part[]): string {
  const titles = parts.filter((part) => !part.forTests).map(({ title }) => title);
  const tests = parts.length - titles.length;
  if (titles.length === 0) return parts.map(({ title }) => title).join(", ");
  return titles.join(", ") + (tests > 0 ? `, and ${tests} for the tests` : "");
}
