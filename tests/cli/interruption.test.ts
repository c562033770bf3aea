import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import path from "node:path";

const LAUNCH = path.join(__dirname, "../../cli/launch.cjs");

/** Enough that judging takes many seconds without a pause: a rule for each of many Services. */
function manyObjects(): string {
  const of = (index: number) =>
    [
      { apiVersion: "v1", kind: "Service", spec: { type: "ExternalName", externalName: "a.org" } },
      {
        apiVersion: "networking.istio.io/v1",
        kind: "DestinationRule",
        spec: { host: `s${index}`, trafficPolicy: { tls: { mode: "ISTIO_MUTUAL" } } },
      },
    ].map((one) => ({ ...one, metadata: { namespace: `n${index}`, name: `s${index}` } }));
  return Array.from({ length: 30_000 }, (_, index) => of(index))
    .flat()
    .map((one) => JSON.stringify(one))
    .join("\n");
}

describe("a signal", () => {
  it("ends a command that reads and judges without a pause", async function () {
    this.timeout(30_000);
    const child = spawn(process.execPath, [LAUNCH, "judge", "-f", "-"], {
      stdio: ["pipe", "ignore", "ignore"],
    });
    const ended = once(child, "exit");
    child.stdin.on("error", () => undefined);
    child.stdin.end(manyObjects());
    await setTimeout(2_000);
    assert.equal(child.exitCode, null);
    child.kill("SIGTERM");
    const [, signal] = (await Promise.race([ended, setTimeout(5_000, [])])) as unknown[];
    child.kill("SIGKILL");
    assert.equal(signal, "SIGTERM");
  });
});
