import { accessSync, constants } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import { type Binary, ISTIO_VERSION, KUBERNETES_PROVIDER_VERSION } from "./parts.js";

/** The first executable of that name in a list of folders. */
function findExecutable(name: string, folders: readonly string[]): string | undefined {
  return folders.map((folder) => path.join(folder, name)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function output(command: string, args: string[]): Promise<string> {
  const result = await execa(command, args, { reject: false, timeout: 20_000, stdin: "ignore" });
  return result.failed ? "" : result.stdout;
}

/** `[major, minor]` of the first version number in a text. */
export function versionIn(text: string): [number, number] | undefined {
  const match = /(\d+)\.(\d+)/.exec(text);
  return match ? [Number(match[1]), Number(match[2])] : undefined;
}

function atLeast(text: string, major: number, minor: number): boolean {
  const version = versionIn(text);
  return version !== undefined && version[0] === major && version[1] >= minor;
}

/**
 * The tools of this machine that fit, so that they needn't be built: a Pulumi CLI with its language
 * host and the right provider plugin, `etcd` and the Kubernetes binaries (from KUBEBUILDER_ASSETS or the
 * PATH; all of one minor version), istioctl of the pinned release.
 */
export async function installedTools(env = process.env): Promise<Partial<Record<Binary, string>>> {
  const onPath = (env.PATH ?? "").split(path.delimiter).filter(Boolean);
  const assets = [...(env.KUBEBUILDER_ASSETS ? [env.KUBEBUILDER_ASSETS] : []), ...onPath];
  const [pulumi, kubernetes, etcd, istioctl] = await Promise.all([
    installedPulumi(onPath, env),
    installedKubernetes(assets),
    installedVersion("etcd", assets, ["--version"], (text) => atLeast(text, 3, 5)),
    installedVersion("istioctl", onPath, ["version", "--remote=false"], (text) => {
      return versionIn(text)?.join(".") === ISTIO_VERSION;
    }),
  ]);
  return { ...pulumi, ...kubernetes, ...etcd, ...istioctl };
}

async function installedVersion(
  name: Binary,
  folders: string[],
  args: string[],
  fits: (text: string) => boolean,
): Promise<Partial<Record<Binary, string>>> {
  const found = findExecutable(name, folders);
  return found && fits(await output(found, args)) ? { [name]: found } : {};
}

async function installedPulumi(
  folders: string[],
  env: NodeJS.ProcessEnv,
): Promise<Partial<Record<Binary, string>>> {
  const pulumi = findExecutable("pulumi", folders);
  const host = findExecutable("pulumi-language-nodejs", folders);
  // 3.246 is what the SDK in package.json speaks; packs need the CLI to be as new.
  if (!pulumi || !host || !atLeast(await output(pulumi, ["version"]), 3, 246)) return {};
  const provider = providerPlugin(env);
  return {
    pulumi,
    "pulumi-language-nodejs": host,
    ...(provider ? { "pulumi-resource-kubernetes": provider } : {}),
  };
}

/** The provider's binary, where Pulumi keeps its plugins: its listing of them doesn't say. */
export function providerPlugin(env: NodeJS.ProcessEnv): string | undefined {
  const home = env.PULUMI_HOME ?? path.join(env.HOME ?? "", ".pulumi");
  const plugin = `plugins/resource-kubernetes-v${KUBERNETES_PROVIDER_VERSION}`;
  return findExecutable("pulumi-resource-kubernetes", [path.join(home, plugin)]);
}

async function installedKubernetes(folders: string[]): Promise<Partial<Record<Binary, string>>> {
  const names = ["kube-apiserver", "kube-controller-manager", "kube-scheduler"] as const;
  const found = names.map((name) => findExecutable(name, folders));
  if (found.some((file) => file === undefined)) return {};
  const versions = await Promise.all(found.map((file) => output(file!, ["--version"])));
  const fit = versions.every((text) => atLeast(text, 1, 33));
  const same = new Set(versions.map((text) => versionIn(text)?.join("."))).size === 1;
  return fit && same ? Object.fromEntries(names.map((name, i) => [name, found[i]])) : {};
}
