import { readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import { type ListrTask, Listr } from "listr2";
import { type Workplace, buildFolder, buildParts, download, packagesOf } from "./build.js";
import { isBuilt, removeHalfBuilt } from "./cache.js";
import type { ToolPart } from "./parts.js";
import { Progress } from "./progress.js";

/** Builds what is missing, one module after another. */
export async function build(missing: readonly ToolPart[], root: string): Promise<void> {
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

function moduleTask(parts: readonly ToolPart[], place: Workplace, progress: Progress): ListrTask {
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
function moduleTitle(parts: readonly ToolPart[]): string {
  const titles = parts.filter((part) => !part.forTests).map(({ title }) => title);
  const tests = parts.length - titles.length;
  if (titles.length === 0) return parts.map(({ title }) => title).join(", ");
  return titles.join(", ") + (tests > 0 ? `, and ${tests} for the tests` : "");
}
