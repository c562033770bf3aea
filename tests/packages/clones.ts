/** Repositories of other people, with a change in them, and the scripts that judge it. */
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { execa } from "execa";
import { parse, parseAllDocuments } from "yaml";
import { REPOSITORY } from "../../local/toolchain/cache.js";
import { archives, stranger } from "./archives.js";

const read = (file: string) => readFileSync(path.join(REPOSITORY, file), "utf8");
const example = (name: string) => read(`examples/${name}.yaml`);

export const RULE = `
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: everything, namespace: elsewhere }
spec: { host: "*.local", trafficPolicy: { tls: { mode: ISTIO_MUTUAL } } }
`;

/** What comments say on top, by how the job ended. */
export const HEADLINES: Record<number, RegExp> = {
  0: /^## ✅ Egress TLS: nothing stands in the way/m,
  1: /^## ❌ Egress TLS: this change must not be merged/m,
  2: /^## 💥 Egress TLS: not known/m,
  3: /^## ❓ Egress TLS: not decided/m,
};

/** A repository of someone else's: what its base holds, what the change makes of it, and how a job ends. */
export const REPOSITORIES: Record<
  string,
  { base: string; head: string; code: number; says: RegExp }
> = {
  clean: { base: example("task"), head: example("task"), code: 0, says: /0 violations/ },
  violating: {
    base: example("task"),
    head: example("task") + RULE,
    code: 1,
    says: /elsewhere\/everything/,
  },
  undecided: { base: example("task"), head: example("unknown-order"), code: 3, says: /undecided/ },
  broken: { base: example("task"), head: "a: [", code: 2, says: /manifests\.yaml/ },
  "violating since long": {
    base: example("violation"),
    head: `# Other work.\n${example("violation")}`,
    code: 0,
    says: /there before, and left out/,
  },
  "mended, of a broken base": {
    base: "a: [",
    head: example("task"),
    code: 0,
    says: /0 violations/,
  },
  "violating, of a broken base": {
    base: "a: [",
    head: example("violation"),
    code: 1,
    says: /violation/,
  },
};

export interface Step {
  name: string;
  run?: string;
  env?: Record<string, string>;
}

/** A job of GitLab's component. */
export interface Job {
  script: string[];
  variables: Record<string, string>;
}

export const REPORT = ["istio-egress.txt", "istio-egress.diff", "istio-egress.code"];

const action = parse(read("action.yml")) as { runs: { steps: Step[] } };
const stepOf = (called: string) => action.runs.steps.find(({ name }) => name === called)!;
/** Of GitHub's action. */
export const judgeStep = stepOf("Judge");
export const commentStep = stepOf("Comment");

/** The jobs of GitLab's component. */
export const [, component] = parseAllDocuments(read("templates/judge.yml")).map(
  (document) => document.toJS() as Record<"istio-egress" | "istio-egress-comment", Job>,
);
export const scriptOf = ({ script }: Job) => script.join("\n");

/** pre-commit's. */
export const [hook] = parse(read(".pre-commit-hooks.yaml")) as [{ entry: string; args: string[] }];

/** Clones on a machine that has the packed command and the scripts beside it. */
export class Clones {
  /** Holds all of them. */
  readonly folder = mkdtempSync(path.join(os.tmpdir(), "istio-egress-pipelines-"));

  private constructor(
    /** Where the packed command and judge-change are. */
    private readonly bin: string,
  ) {}

  static async open(): Promise<Clones> {
    const { cli } = await archives();
    const bin = path.join(await stranger({ "istio-egress-cli": cli }), "node_modules/.bin");
    for (const name of ["judge-change", "comment-change.mjs"]) {
      cpSync(path.join(REPOSITORY, ".ci", name), path.join(bin, name));
      chmodSync(path.join(bin, name), 0o755);
    }
    return new Clones(bin);
  }

  /** A clone with the change in it, and the commit before. */
  async of({ base, head }: { base: string; head: string }) {
    const clone = mkdtempSync(path.join(this.folder, "clone-"));
    const manifests = path.join(clone, "deploy/manifests.yaml");
    mkdirSync(path.dirname(manifests));
    await git(clone, "init", "--quiet");
    const commits: string[] = [];
    for (const text of [base, head]) {
      writeFileSync(manifests, text);
      await git(clone, "add", "--all");
      await git(clone, "commit", "--quiet", "--allow-empty", "--message", "x");
      commits.push((await git(clone, "rev-parse", "HEAD")).stdout);
    }
    return { clone, base: commits[0]! };
  }

  /** Runs a job's script as a forge does. */
  async run(script: string, cwd: string, env: Record<string, string>) {
    const { exitCode, all } = await execa("bash", ["-eo", "pipefail", "-c", script], {
      cwd,
      env: { PATH: `${this.bin}:${process.env.PATH}`, NO_COLOR: "1", ...env },
      reject: false,
      all: true,
    });
    return { code: exitCode, log: all };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export function git(cwd: string, ...args: string[]) {
  return execa("git", ["-c", "user.name=t", "-c", "user.email=t@example.com", ...args], { cwd });
}
