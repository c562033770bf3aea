import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { Command } from "commander";

const ROOT = path.join(__dirname, "..");

/** `istio-egress oracle`: the differential test of the model, which has options and help of its own. */
export function command(): Command {
  return new Command("oracle")
    .helpOption(false)
    .allowUnknownOption()
    .argument("[options...]", "see: istio-egress oracle --help")
    .action(async (options: string[]) => {
      const script = path.join(ROOT, "tests/oracle/run.ts");
      const loader = path.join(ROOT, "register.cjs");
      const oracle = spawn(process.execPath, ["--require", loader, script, ...options], {
        stdio: "inherit",
      });
      const [code] = (await once(oracle, "exit")) as [number | null];
      process.exitCode = code ?? 1;
    });
}
