#!/usr/bin/env node
/**
 * Comments on a change with what judge-change wrote, and changes that comment in place the next time:
 *
 *   comment-change.mjs github     on a pull request
 *   comment-change.mjs gitlab     on a merge request
 *   comment-change.mjs print      nowhere: on standard output, for a job's summary
 *
 * Environment: RUN, where to read more; FILES, what is judged; REPORT, "" where judge-change wasn't run;
 * and what the forge gives a job. All that judge-change wrote is text of others: it stands in fences, where
 * no forge takes it for a link, a mention or a command.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import process from "node:process";

const { env } = process;
const { RUN = "", FILES = "." } = env;

/** By how judge-change ended. */
const ENDINGS = {
  0: ["✅", "nothing stands in the way of this change"],
  1: ["❌", "this change must not be merged"],
  2: ["💥", "not known, since something can't be read"],
  3: ["❓", "not decided, which stands in the way of this change"],
};

/** What the comment is found by. One for each set of files: a workflow may judge several. */
const MARKER = `<!-- istio-egress:judge ${FILES.replace(/[^\w./ ]/g, "_")} -->`;

/** GitHub takes 65,536 characters; two of these and what is around them are less. */
const LONGEST = 30_000;

function body() {
  const ending = env.REPORT === "" ? undefined : ENDINGS[read("istio-egress.code")?.trim()];
  const findings = read("istio-egress.txt");
  if (!ending || findings === undefined) {
    // Not silence: the comment of an older commit would pass for this one's.
    return `${MARKER}\n## istio-egress: no report\n\nThe run ended before anything was judged, so nobody knows what this change does: ${RUN}\n`;
  }
  const [mark, words] = ending;
  const diff = read("istio-egress.diff");
  return [
    `${MARKER}\n## ${mark} Egress TLS: ${words}`,
    diff === undefined
      ? "It is compared with nothing: every finding counts."
      : `What it changes, against its base:\n\n${fenced(diff)}`,
    `<details><summary>Findings, without those of the base</summary>\n\n${fenced(findings)}\n\n</details>`,
    `The run: ${RUN}\n`,
  ].join("\n\n");
}

/** A file's beginning; undefined where there is none. Links, which may lead to this job's own files, are none. */
function read(name) {
  let file;
  try {
    file = openSync(name, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
  try {
    if (!fstatSync(file).isFile()) return undefined;
    const buffer = Buffer.alloc(8 * LONGEST);
    return buffer.toString("utf8", 0, readSync(file, buffer));
  } finally {
    closeSync(file);
  }
}

/** Text as it is, but for what would end the fence, turn its letters round, or be too long. */
function fenced(text) {
  const plain = text.replace(/[^\P{C}\n]/gu, "\u{fffd}").replaceAll("```", "'''");
  const lines = plain.trimEnd().split("\n");
  const kept = [];
  let left = LONGEST;
  for (const line of lines) {
    left -= line.length + 1;
    if (left < 0) break;
    kept.push(line);
  }
  if (kept.length < lines.length) kept.push("… The rest didn't fit: see the run.");
  return ["```text", ...kept, "```"].join("\n");
}

const FORGES = {
  github: () => {
    const { GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_TOKEN, PULL_REQUEST } = env;
    const issues = `${GITHUB_API_URL}/repos/${GITHUB_REPOSITORY}/issues`;
    return {
      all: `${issues}/${PULL_REQUEST}/comments`,
      one: (id) => `${issues}/comments/${id}`,
      edit: "PATCH",
      headers: { authorization: `Bearer ${GITHUB_TOKEN}`, accept: "application/vnd.github+json" },
      writer: ({ user }) => user.login,
      self: () => "github-actions[bot]",
    };
  },
  gitlab: () => {
    const { CI_API_V4_URL, CI_MERGE_REQUEST_PROJECT_ID, CI_MERGE_REQUEST_IID } = env;
    const notes = `${CI_API_V4_URL}/projects/${CI_MERGE_REQUEST_PROJECT_ID}/merge_requests/${CI_MERGE_REQUEST_IID}/notes`;
    const headers = { "private-token": env.ISTIO_EGRESS_COMMENT_TOKEN };
    return {
      all: notes,
      one: (id) => `${notes}/${id}`,
      edit: "PUT",
      headers,
      writer: ({ author }) => author.id,
      self: async () => (await api(headers, "GET", `${CI_API_V4_URL}/user`)).id,
    };
  },
};

async function comment({ all, one, edit, headers, writer, self }) {
  const own = await self();
  // Only its own: any user can write a marker.
  const isOwn = (found) => writer(found) === own && found.body.startsWith(MARKER);
  for (let page = 1; ; page++) {
    const found = await api(headers, "GET", `${all}?per_page=100&page=${page}`);
    const mine = found.find(isOwn);
    if (mine) return api(headers, edit, one(mine.id), { body: body() });
    if (found.length < 100) return api(headers, "POST", all, { body: body() });
  }
}

async function api(headers, method, url, content) {
  const response = await fetch(url, {
    method,
    headers: { ...headers, "content-type": "application/json" },
    body: content && JSON.stringify(content),
  });
  if (response.ok) return response.json();
  throw new Error(
    `${method} ${url} was answered with ${response.status}: ${await response.text()}`,
  );
}

const [where] = process.argv.slice(2);
try {
  if (where === "print") process.stdout.write(body());
  else await comment(FORGES[where]());
} catch (error) {
  console.error(`comment-change: ${error.message}`);
  process.exitCode = 1;
}
