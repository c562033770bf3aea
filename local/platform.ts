import { Mistake } from "./mistake.js";

/** @throws {Mistake} where the embedded mesh and its engine can't run: they need Linux's /proc */
export function requireLinux(platform: string = process.platform): void {
  if (platform === "linux") return;
  throw new Mistake(
    `The embedded mesh runs on Linux only, and this is ${platform}. ` +
      "Use a cluster of your own: set KUBECONFIG and run `pulumi up`.",
  );
}
