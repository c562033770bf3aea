/** How a run looks to people. */
import { stringify } from "yaml";
import type { Client } from "../../mesh/index.js";
import type { Disagreement, RunResult } from "./differential.js";

/** Numbers and coverage of a run. */
export function reportRun(result: RunResult): string {
  const rate = (result.meshes / result.seconds).toFixed(0);
  return [
    `${result.meshes} meshes, ${result.clients} clients, ` +
      (result.calls > 0
        ? `${result.calls} calls`
        : `${result.clusters} clusters compared both ways, ${result.violations} live violations`),
    `seed ${result.seed}, ${result.seconds.toFixed(1)} s, ${rate} meshes/s; ` +
      `${result.disagreements.length} disagreements, ${result.errors.length} unreadable`,
    "",
    "meshes with",
    ...[...result.coverage.counts].map(
      ([feature, count]) => `  ${feature.padEnd(36)} ${String(count).padStart(6)}`,
    ),
    ...result.errors.slice(0, 5).map((error) => `unreadable ${error.split("\n")[0]}`),
  ].join("\n");
}

/** Tells on stderr how far a run is, at most every two seconds. */
export function progress(total: number): (done: number) => void {
  const started = performance.now();
  let told = started;
  return (done) => {
    const now = performance.now();
    if (now - told < 2000) return;
    told = now;
    const rate = done / ((now - started) / 1000);
    console.error(`${done}/${total} meshes, about ${Math.ceil((total - done) / rate)} s left`);
  };
}

/** A disagreement: what each side says, the mesh, and how to keep it. */
export function reportDisagreement({ question, answer, differences }: Disagreement): string {
  const { objects, mesh, hidden } = question;
  const places = differences.map(
    ({ client, place, istiod, model }) =>
      `  client ${client} (${clientWords(question.clients[client])}): ${place}\n` +
      `    istiod  ${istiod ?? "nothing"}\n    model   ${model ?? "nothing"}`,
  );
  const regression = { about: "<what istiod does here>", question, answer };
  return [
    "istiod and the model differ:",
    ...places,
    "on the mesh (shrunk)",
    stringify({
      mesh,
      ...(hidden && { hidden: hidden.map(({ object, path }) => `${object} ${path.join(".")}`) }),
    }).trimEnd(),
    ...objects.map((object) => `---\n${stringify(object).trimEnd()}`),
    "To keep it as a regression, save this as tests/oracle/regressions/<name>.json:",
    JSON.stringify(regression),
  ].join("\n");
}

function clientWords(client: Client | undefined): string {
  const labels = Object.entries(client?.labels ?? {}).map(([key, value]) => `${key}=${value}`);
  return [client?.namespace, ...labels, ...(client?.gateway ? ["gateway"] : [])].join(", ");
}
