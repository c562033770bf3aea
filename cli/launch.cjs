/**
 * Where every npm script begins: `npm run judge -- ...` is `istio-egress judge ...`. Plain JavaScript
 * without a dependency, because it must run on a fresh clone: it checks Node and the folder, installs
 * what package-lock.json names if that isn't there yet, and hands over to cli/main.ts in this same
 * process, so that exit codes and signals need no passing on. A CommonJS module, because Node loads no
 * other from a folder whose name has a backslash, and then nobody could say so.
 */
const { spawnSync } = require("node:child_process");
const { existsSync, readFileSync } = require("node:fs");
const path = require("node:path");

const OLDEST_NODE = [20, 19];
const root = path.join(__dirname, "..");

/** @param {string} message one clear sentence for the person at the terminal */
function refuse(message) {
  console.error(`istio-egress: ${message}`);
  process.exit(2);
}

function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_NODE;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  refuse(
    `this is Node ${process.versions.node}; it needs ${OLDEST_NODE.join(".")} or newer ` +
      "(https://nodejs.org/en/download).",
  );
}

/** Of the libraries some are ES modules, whose addresses Node makes of their paths. */
function checkFolder() {
  if (!root.includes("\\")) return;
  refuse(
    `${root}: Node loads no ES modules from a folder whose name has a backslash; rename or move this folder.`,
  );
}

/** @returns {Record<string, { version?: string, optional?: boolean }>} */
function packagesOf(lockfile) {
  return JSON.parse(readFileSync(`${root}/${lockfile}`, "utf8")).packages;
}

/**
 * Whether node_modules holds what package-lock.json names. npm keeps its own list of what it
 * installed; a package for another platform is in the lock file alone.
 */
function isInstalled() {
  try {
    const installed = packagesOf("node_modules/.package-lock.json");
    return Object.entries(packagesOf("package-lock.json")).every(
      ([path, { version, optional }]) =>
        path === "" || optional || installed[path]?.version === version,
    );
  } catch {
    return false;
  }
}

function install() {
  console.error(
    "istio-egress: installing the packages of package-lock.json (once, under a minute)",
  );
  const { status, error } = spawnSync("npm", ["ci", "--no-fund", "--no-audit"], {
    cwd: root,
    stdio: ["ignore", process.stderr, process.stderr],
  });
  if (error) refuse(`npm can't be started: ${error.message}.`);
  if (status !== 0) refuse("`npm ci` failed, see above. Nothing else was done.");
}

checkNode();
checkFolder();
// As a dependency of another package it has no lock file, and that package's npm did the work.
if (existsSync(`${root}/package-lock.json`) && !isInstalled()) install();
require("../register.cjs");
require("./main.ts");
