/** Refuses a release whose tag, version and changelog don't agree. */
import { readFileSync } from "node:fs";

const read = (file) => readFileSync(new URL(file, import.meta.url), "utf8");
const { version } = JSON.parse(read("common.json"));
const { GITHUB_REF_TYPE, GITHUB_REF_NAME } = process.env;

const mistakes = [];
if (GITHUB_REF_TYPE === "tag" && GITHUB_REF_NAME !== `v${version}`) {
  mistakes.push(
    `the tag is ${GITHUB_REF_NAME}, packages/common.json says ${version}; tag v${version}`,
  );
}
if (!read("../CHANGELOG.md").includes(`\n## [${version}]`)) {
  mistakes.push(`CHANGELOG.md has no heading for it; write ## [${version}]`);
}
for (const mistake of mistakes) console.error(`Version ${version}: ${mistake}.`);
process.exitCode = mistakes.length > 0 ? 1 : 0;
