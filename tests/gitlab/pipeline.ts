import { readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import { REPOSITORY } from "../../local/toolchain/cache.js";

/** A job of the pipeline, as far as it is written here. */
export interface Job {
  before_script?: string[];
  script: string[];
  variables?: Record<string, string>;
  environment?: { name: string; action: string };
  rules?: { if?: string; when?: string }[];
  needs?: string[];
  image?: string;
}

const WORDS = ["workflow", "default", "stages"];

/** The pipeline in `.gitlab-ci.yml`. */
export interface Pipeline {
  workflow: { rules: { if: string }[] };
  default: { image: string };
  jobs: Record<string, Job>;
}

export function readPipeline(): Pipeline {
  const file = path.join(REPOSITORY, ".gitlab-ci.yml");
  const text = parse(readFileSync(file, "utf8")) as Pick<Pipeline, "workflow" | "default">;
  const jobs = Object.entries(text).filter(([key]) => !WORDS.includes(key));
  return { ...text, jobs: Object.fromEntries(jobs) as unknown as Record<string, Job> };
}
