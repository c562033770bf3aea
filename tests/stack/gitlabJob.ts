import { mkdirSync } from "node:fs";
import { type Job, readPipeline } from "../gitlab/pipeline.js";
import type { Ending, TeamClone, Variables } from "./teamClone.js";

/**
 * Runs a job of `.gitlab-ci.yml` as a runner does: all of its script by one shell, exactly as it is in
 * the file, but for `npm ci`, which every run of these tests has behind it.
 */
export function runJob(
  name: string,
  team: TeamClone,
  variables: Variables,
  workspace = team.clone,
): Promise<Ending> {
  const { before_script = [], script, variables: own } = readPipeline().jobs[name] as Job;
  mkdirSync(workspace, { recursive: true });
  const lines = [...before_script, ...script].filter((line) => !line.startsWith("npm ci "));
  const environment = { GITLAB_CI: "true", ...own, ...variables };
  // The runner's own options of the shell.
  const args = ["-o", "pipefail", "-o", "errexit", "+o", "noclobber", "-c", lines.join("\n")];
  return team.bash(args, environment, workspace);
}
