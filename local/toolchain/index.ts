import { existsSync, linkSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { withLock } from "../lock.js";
import { requireLinux } from "../platform.js";
import { cacheLock, cacheRoot, isBuilt, partFolder, requireSpace } from "./cache.js";
import {
  type Binary,
  CHARTS,
  type OlderIstioVersion,
  PARTS,
  type ToolPart,
  olderIstio,
} from "./parts.js";

export { ToolchainError, cacheRoot } from "./cache.js";
export * from "./parts.js";

/** Where each program is, and the folder of kwok's stages. */
export interface Toolchain {
  binaries: Readonly<Record<Binary, string>>;
  /** Folder of the YAML files that define for kwok how Nodes and Pods come up. */
  kwokStages: string;
  /** The folder of an older release's charts. */
  chartsOf: (version: OlderIstioVersion) => string;
}

/** All but what is built for who names it. */
const ORDINARY = PARTS.filter((part) => !part.onDemand);

/** What the main job needs: all but what only the tests run. */
export const MAIN_PARTS: readonly string[] = ORDINARY.filter((part) => !part.forTests).map(
  (part) => part.name,
);

/**
 * Finds every program, building what is neither installed nor cached.
 * @param names the parts that are needed. @default all but those that are built on demand
 * @throws {Mistake} where a person has to do something first (no Linux, no Go, no space)
 */
export async function ensureToolchain(
  names: readonly string[] = ORDINARY.map((part) => part.name),
): Promise<Toolchain> {
  requireLinux();
  const root = cacheRoot();
  const needed = PARTS.filter((part) => names.includes(part.name));
  const installed = needed.every((part) => isBuilt(part, root)) ? {} : await findInstalled();
  const isMissing = (part: ToolPart) =>
    !isBuilt(part, root) && !part.binaries.every(({ name }) => installed[name] !== undefined);

  if (needed.some(isMissing)) {
    requireSpace(root);
    const missing = needed.filter(isMissing);
    // Loaded only by who builds, as are the tools that find what is installed.
    const { build } = await import("./build-missing.js");
    await withLock(cacheLock(root), () => build(missing, root), {
      patience: Infinity,
      onWait: (pid) => console.error(`Another process (${pid}) builds the tools; waiting for it.`),
    });
  }
  const tools = toolchain(root, installed);
  if (names.includes("pulumi")) putHostBesideCli(tools, installed);
  return tools;
}

async function findInstalled(): Promise<Partial<Record<Binary, string>>> {
  const { installedTools } = await import("./installed.js");
  return installedTools();
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
    chartsOf: (version) => {
      const part = PARTS.find(({ name }) => name === olderIstio(version))!;
      return path.join(partFolder(part, root), CHARTS);
    },
  };
}
