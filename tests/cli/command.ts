import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { text } from "node:stream/consumers";

export const REPOSITORY = path.join(__dirname, "../..");

/** How a command ended and what it wrote. */
export interface Ending {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the real `istio-egress` as a person would, from the repository's root. */
export async function istioEgress(args: readonly string[], input = ""): Promise<Ending> {
  const child = spawn(process.execPath, ["cli/launch.mjs", ...args], {
    cwd: REPOSITORY,
    // Whoever runs the tests may have a cluster; these must not find it.
    env: { ...process.env, KUBECONFIG: "", HOME: "/nonexistent", NO_COLOR: "1" },
  });
  child.stdin.end(input);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close") as Promise<[number | null]>,
  ]);
  return { code, stdout, stderr };
}
