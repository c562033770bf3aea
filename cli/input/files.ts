import { createReadStream } from "node:fs";
import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { visible } from "../../mesh/index.js";
import { Mistake } from "../mistake.js";

/** Standard input's name on the command line. */
export const STDIN = "-";

const MANIFEST = /\.(ya?ml|json)$/i;

/**
 * The files that names on the command line stand for: files as they are, directories with every
 * `.yaml`, `.yml` and `.json` below them in the order of their names. A file that is reached in
 * several ways counts once.
 * @throws {Mistake} if something isn't there, or a directory holds no such file
 */
export async function findFiles(names: readonly string[]): Promise<string[]> {
  const found = await Promise.all(names.map(filesOf));
  const files = new Map<string, string>();
  for (const name of found.flat()) {
    const file = name === STDIN ? name : await realpath(name).catch(() => name);
    if (!files.has(file)) files.set(file, name);
  }
  return [...files.values()];
}

async function filesOf(name: string): Promise<string[]> {
  if (name === STDIN) return [name];
  const status = await stat(name).catch((error: unknown) => {
    throw unreadable(name, error);
  });
  if (!status.isDirectory()) return [name];
  const files = (await filesBelow(name, "", new Set())).sort();
  if (files.length === 0)
    throw new Mistake(`${visible(name)}: no .yaml, .yml or .json file in this directory.`);
  return files.map((file) => join(name, file));
}

/** Links are followed, and each directory is read once: two that lead upwards would never end. */
async function filesBelow(root: string, folder: string, seen: Set<string>): Promise<string[]> {
  const path = join(root, folder);
  const real = await realpath(path);
  if (seen.has(real)) return [];
  seen.add(real);
  const entries = await readdir(path, { withFileTypes: true }).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  const found: string[] = [];
  for (const entry of entries) {
    const below = join(folder, entry.name);
    // A link that leads nowhere is said once it is read.
    const status = entry.isSymbolicLink()
      ? await stat(join(root, below)).catch(() => entry)
      : entry;
    if (status.isDirectory()) found.push(...(await filesBelow(root, below, seen)));
    else if (MANIFEST.test(below)) found.push(below);
  }
  return found;
}

/** @throws {Mistake} if the file can't be read */
export async function readInput(file: string): Promise<string> {
  return (file === STDIN ? text(process.stdin) : readFile(file, "utf8")).catch((error: unknown) => {
    throw unreadable(file === STDIN ? "standard input" : file, error);
  });
}

/** The same as a stream, for input that is too long to hold. */
export function openInput(file: string): Readable {
  return file === STDIN ? process.stdin : createReadStream(file, "utf8");
}

function unreadable(file: string, error: unknown): Mistake {
  const { code, message } = error as NodeJS.ErrnoException;
  const why: Record<string, string> = {
    ENOENT: "there is no such file or directory",
    EACCES: "you may not read it",
    EISDIR: "it is a directory",
    ELOOP: "its links lead in a circle",
    ERR_STRING_TOO_LONG: "it is longer than 500 MB; give it in parts",
    ERR_FS_FILE_TOO_LARGE: "it is longer than 500 MB; give it in parts",
  };
  return new Mistake(`${visible(file)}: ${why[code ?? ""] ?? message}.`);
}
