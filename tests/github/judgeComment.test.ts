import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { REPOSITORY } from "../../local/toolchain/cache.js";
import { Forge, GITHUB, GITLAB } from "../stack/forge.js";

const TOKEN = "the-comment-token";
const SECRET = "what only this job may read";
const SCRIPT = path.join(REPOSITORY, ".ci/comment-change.mjs");

const FORGES = {
  github: {
    dialect: GITHUB,
    environment: (url: string) => ({
      GITHUB_API_URL: url,
      GITHUB_REPOSITORY: "team/egress",
      GITHUB_TOKEN: TOKEN,
      PULL_REQUEST: "7",
    }),
  },
  gitlab: {
    dialect: GITLAB,
    environment: (url: string) => ({
      CI_API_V4_URL: url,
      CI_MERGE_REQUEST_PROJECT_ID: "42",
      CI_MERGE_REQUEST_IID: "7",
      ISTIO_EGRESS_COMMENT_TOKEN: TOKEN,
    }),
  },
};

/** What judge-change leaves. */
const FILES = {
  "istio-egress.code": "1\n",
  "istio-egress.diff": "worse  default/my-wikipedia\n",
  "istio-egress.txt": "violation  default/my-wikipedia\n",
};

describe("what is commented on a repository that is judged", function () {
  this.timeout(60_000);
  let folder: string;
  const inJob = (file: string) => path.join(folder, "job", file);

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "comment-"));
    writeFileSync(path.join(folder, "secret"), SECRET);
    mkdirSync(path.join(folder, "job"));
    for (const [file, text] of Object.entries(FILES)) writeFileSync(inJob(file), text);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const print = async (env: Record<string, string> = {}) => {
    const { stdout } = await execa(process.execPath, [SCRIPT, "print"], {
      cwd: path.join(folder, "job"),
      env: { RUN: "the run", ...env },
    });
    return stdout;
  };

  it("lets no text of others out of its fence", async () => {
    const hostile = [
      "```",
      "/merge",
      "@everybody [x](https://evil.example) <img src=x>",
      "````",
      "</details>",
      "a\u202Eb\u0000c\rd",
    ].join("\n");
    writeFileSync(inJob("istio-egress.txt"), hostile);
    writeFileSync(inJob("istio-egress.diff"), hostile);
    const body = await print();
    const outside = body.replace(/^```text\n[\s\S]*?\n```$/gm, "");
    assert.doesNotMatch(outside, /merge\n|everybody|evil|img/);
    assert.equal(body.match(/^```/gm)?.length, 4);
    for (const odd of ["\u202E", "\u0000", "\r"]) assert.ok(!body.includes(odd));
  });

  it("keeps to what a comment may have", async () => {
    const long = "violation  default/my-wikipedia\n".repeat(10_000);
    writeFileSync(inJob("istio-egress.txt"), long);
    writeFileSync(inJob("istio-egress.diff"), long);
    const body = await print();
    assert.ok(body.length < 65_536);
    assert.equal(body.match(/^… The rest didn't fit: see the run\.$/gm)?.length, 2);
    assert.match(body, /^The run: the run$/m);
  });

  for (const [what, leave] of [
    ["a link", (file: string) => symlinkSync(path.join(folder, "secret"), file)],
    ["a folder", (file: string) => mkdirSync(file)],
    ["nothing", () => {}],
  ] as const) {
    for (const file of ["istio-egress.txt", "istio-egress.code"]) {
      it(`says that there is no report where ${what} is in the place of ${file}`, async () => {
        rmSync(inJob(file));
        leave(inJob(file));
        const body = await print();
        assert.match(body, /## istio-egress: no report\n\n.*nobody knows what this change does/);
        assert.ok(!body.includes(SECRET));
      });
    }
  }

  it("doesn't take a repository's own file for a report of a run that there wasn't", async () => {
    writeFileSync(inJob("istio-egress.code"), "0\n");
    const body = await print({ REPORT: "" });
    assert.match(body, /no report/);
  });
});

for (const [name, { dialect, environment }] of Object.entries(FORGES)) {
  describe(`the comment of a repository that is judged, on ${name}`, function () {
    this.timeout(60_000);
    let forge: Forge;
    let folder: string;
    const inJob = (file: string) => path.join(folder, "job", file);

    beforeEach(async () => {
      forge = await Forge.start(dialect, TOKEN);
      folder = mkdtempSync(path.join(tmpdir(), "comment-"));
      mkdirSync(path.join(folder, "job"));
      for (const [file, text] of Object.entries(FILES)) writeFileSync(inJob(file), text);
    });
    afterEach(() => {
      forge.close();
      rmSync(folder, { recursive: true });
    });

    const comment = async (env: Record<string, string> = {}) => {
      await execa(process.execPath, [SCRIPT, name], {
        cwd: path.join(folder, "job"),
        env: { FILES: "deploy/", RUN: "the run", ...environment(forge.url), ...env },
        extendEnv: false,
      });
      return forge.robots(7).map(({ body }) => body);
    };

    it("says what the change does, in words that nothing is read into", async () => {
      assert.deepEqual(await comment(), [
        `<!-- istio-egress:judge deploy/ -->
## ❌ Egress TLS: this change must not be merged

What it changes, against its base:

\`\`\`text
worse  default/my-wikipedia
\`\`\`

<details><summary>Findings, without those of the base</summary>

\`\`\`text
violation  default/my-wikipedia
\`\`\`

</details>

The run: the run
`,
      ]);
    });

    it("is written anew by each commit, behind a page of others', who may write its marker", async () => {
      const forged = forge.write(7, "somebody", "<!-- istio-egress:judge deploy/ -->");
      for (let remark = 0; remark < 120; remark++) forge.write(7, "somebody", "remark");
      await comment();
      writeFileSync(inJob("istio-egress.code"), "0\n");
      const bodies = await comment();
      assert.equal(bodies.length, 1);
      assert.match(bodies[0]!, /✅ Egress TLS: nothing stands in the way/);
      assert.equal(forged.body, "<!-- istio-egress:judge deploy/ -->");
    });

    it("is one for each set of files that a workflow judges", async () => {
      await comment();
      const bodies = await comment({ FILES: "other/ --> <b>" });
      assert.equal(bodies.length, 2);
      assert.match(bodies[1]!, /^<!-- istio-egress:judge other\/ ___ _b_ -->\n/);
    });

    it("fails, and says why, where the forge refuses", async () => {
      const ending = await execa(process.execPath, [SCRIPT, name], {
        cwd: path.join(folder, "job"),
        env: { ...environment(forge.url), GITHUB_TOKEN: "x", ISTIO_EGRESS_COMMENT_TOKEN: "x" },
        reject: false,
      });
      assert.equal(ending.exitCode, 1);
      assert.match(ending.stderr, /^comment-change: GET \S+ was answered with 401: /);
    });
  });
}
