import { access, constants } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";

/** Programs that a network of real traffic is made with, and the Debian packages that hold them. */
const PROGRAMS: Record<string, string> = {
  ip: "iproute2",
  iptables: "iptables",
  curl: "curl",
  python3: "python3-pip",
  unshare: "util-linux",
  nsenter: "util-linux",
  setpriv: "util-linux",
  mount: "mount",
};

const FOLDERS = [...(process.env.PATH ?? "").split(path.delimiter), "/usr/sbin", "/sbin"];

/**
 * Makes this machine fit for a network of real traffic. Debian packages that are missing are installed
 * where that is possible; nothing else of the machine is changed.
 *
 * @returns why there can't be one here, in words for people; undefined when there can
 */
export async function prepareMachine(): Promise<string | undefined> {
  if (process.platform !== "linux") return `it needs Linux; this is ${process.platform}`;
  if (process.getuid?.() !== 0) return "it needs root, for network namespaces and iptables";
  let missing = await missingPrograms();
  if (missing.length > 0) {
    await installPackages([...new Set(missing.map((program) => PROGRAMS[program]!))]);
    missing = await missingPrograms();
  }
  if (missing.length > 0) {
    const packages = [...new Set(missing.map((program) => PROGRAMS[program]))].join(" ");
    return `it needs ${missing.join(", ")} (Debian packages: ${packages})`;
  }
  return namespaceProblem();
}

async function missingPrograms(): Promise<string[]> {
  const isThere = async (program: string) => {
    const files = FOLDERS.map((folder) => access(path.join(folder, program), constants.X_OK));
    return Promise.any(files).then(
      () => true,
      () => false,
    );
  };
  const found = await Promise.all(Object.keys(PROGRAMS).map(isThere));
  return Object.keys(PROGRAMS).filter((_, index) => !found[index]);
}

/** Where this isn't Debian or there is no way to its packages, the programs are still missing. */
async function installPackages(packages: string[]): Promise<void> {
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const options = { env, reject: false, timeout: 120_000 } as const;
  console.error(`Installing what real traffic needs: ${packages.join(" ")}.`);
  await execa("apt-get", ["update", "-qq"], options);
  await execa("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...packages], options);
}

/** Containers often may not make namespaces or set up iptables, root or not. */
async function namespaceProblem(): Promise<string | undefined> {
  const { failed, all = "" } = await execa(
    "unshare",
    ["--mount", "--net", "--pid", "--fork", "iptables", "--table", "nat", "--list-rules"],
    { env: { PATH: FOLDERS.join(path.delimiter) }, reject: false, all: true, timeout: 10_000 },
  );
  return failed
    ? `namespaces with iptables can't be made here: ${all.trim().split("\n").at(-1)}`
    : undefined;
}
