import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { planeStatus, stopPlane } from "../../local/plane.js";
import { REPOSITORY } from "../../local/toolchain/cache.js";
import { onTermination } from "./termination.js";

/** What isn't under version control, or has no part in running the commands. */
const LEFT_OUT = new Set([".git", ".state", "node_modules", "dist"]);

/** A copy of this repository, as another clone of the same user's would be. */
export class Checkout {
  readonly folder = mkdtempSync(path.join(tmpdir(), "istio-egress-checkout-"));
  readonly planeState = path.join(this.folder, ".state/plane");
  readonly #isRemoved = onTermination(() => this.#remove());

  constructor() {
    const filter = (source: string) => !LEFT_OUT.has(path.basename(source));
    cpSync(REPOSITORY, this.folder, { recursive: true, filter });
    // A folder of its own: should the launcher install packages there, it mustn't be into ours.
    mkdirSync(this.file("node_modules"));
    for (const entry of readdirSync(path.join(REPOSITORY, "node_modules"))) {
      symlinkSync(
        path.join(REPOSITORY, "node_modules", entry),
        path.join(this.file("node_modules"), entry),
      );
    }
  }

  file(name: string): string {
    return path.join(this.folder, name);
  }

  /** Runs an npm script as a person types it. */
  async run(script: string, ...args: string[]): Promise<{ exitCode: number; output: string }> {
    const { exitCode, all } = await execa("npm", ["run", "--silent", script, "--", ...args], {
      cwd: this.folder,
      reject: false,
      all: true,
      env: { NO_COLOR: "1" },
    });
    return { exitCode: exitCode ?? -1, output: all };
  }

  /** Content by file, of all but the folders that are ignored. */
  files(): Record<string, string> {
    const isOwn = (file: string) => !file.split("/").some((step) => LEFT_OUT.has(step));
    const files = readdirSync(this.folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => path.relative(this.folder, path.join(parentPath, name)))
      .filter(isOwn);
    return Object.fromEntries(files.map((file) => [file, readFileSync(this.file(file), "utf8")]));
  }

  /** Its embedded mesh. @throws when it isn't up */
  async plane() {
    const { state, plane } = await planeStatus(this.planeState);
    if (state !== "up" || !plane) throw new Error(`the embedded mesh is ${state}`);
    return plane;
  }

  /** Leaves nothing, whatever happened before. */
  async remove(): Promise<void> {
    await this.#remove();
    this.#isRemoved();
  }

  async #remove(): Promise<void> {
    await stopPlane(this.planeState);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
