import assert from "node:assert/strict";
import { compare } from "./comparison.js";
import { isClean, replayRegressions, runDifferential } from "./differential.js";
import { GENERATIONS, NEWEST, ownProgram } from "./generations.js";
import { readRegressions } from "./regressions.js";
import { progress, reportDisagreement, reportRun } from "./report.js";

const MESHES = Number(process.env.ORACLE_MESHES ?? 1000);
const SEED = process.env.ORACLE_SEED === undefined ? undefined : Number(process.env.ORACLE_SEED);

describe("the model and istiod", () => {
  it("agree on every mesh on which they once differed", async function () {
    this.timeout(0);
    const regressed = [...(await replayRegressions())];
    const told = regressed.map(([name, found]) => `${name}: ${reportDisagreement(found)}`);
    assert.deepEqual(told, []);
  });

  it(`agree on ${MESHES} random meshes`, async function () {
    this.timeout(0);
    const result = await runDifferential({
      meshes: MESHES,
      seed: SEED,
      onProgress: progress(MESHES),
    });
    console.log(reportRun(result).replaceAll(/^/gm, "      "));
    assert.ok(isClean(result), result.disagreements.map(reportDisagreement).join("\n"));
    if (MESHES < 1000) return;
    const unseen = [...result.coverage.counts].filter(([, count]) => count === 0);
    assert.deepEqual(unseen, [], "every feature is met");
  });
});

/** Of each hundred meshes some seven have violations; `npm run oracle -- --advised` makes the long runs. */
const ADVISED_MESHES = Math.min(MESHES, 40);

describe("the model and istiod, once advice is taken", () => {
  it(`agree on ${ADVISED_MESHES} random meshes that had violations`, async function () {
    this.timeout(0);
    const result = await runDifferential({ meshes: ADVISED_MESHES, advised: true, seed: SEED });
    console.log(reportRun(result).split("\n").slice(0, 2).join("\n").replaceAll(/^/gm, "      "));
    assert.ok(isClean(result), result.disagreements.map(reportDisagreement).join("\n"));
  });
});

/** So many take about 20 s; `npm run oracle -- --calls` makes the long runs. */
const CALL_MESHES = Math.min(MESHES, 300);

describe("the model's way of a call and istiod's", () => {
  it(`agree on the calls of ${CALL_MESHES} random meshes`, async function () {
    this.timeout(0);
    const result = await runDifferential({
      meshes: CALL_MESHES,
      calls: true,
      seed: SEED,
      onProgress: progress(CALL_MESHES),
    });
    console.log(reportRun(result).replaceAll(/^/gm, "      "));
    assert.ok(isClean(result), result.disagreements.map(reportDisagreement).join("\n"));
  });
});

/** So many are compared with each older generation: most of what it does is what the newest does. */
const OLDER_MESHES = Math.min(MESHES, 300);

describe("the model and older istiods", function () {
  before(function () {
    // One program can't be of several generations.
    if (ownProgram() !== undefined) this.skip();
  });

  for (const generation of GENERATIONS.filter((one) => one !== NEWEST)) {
    it(`agree on ${OLDER_MESHES} random meshes and on those that are kept, in ${generation.version}`, async function () {
      this.timeout(0);
      const regressed = [...(await replayRegressions(generation))];
      const told = regressed.map(([name, found]) => `${name}: ${reportDisagreement(found)}`);
      assert.deepEqual(told, []);
      const result = await runDifferential({ meshes: OLDER_MESHES, seed: SEED, generation });
      console.log(reportRun(result).split("\n").slice(0, 2).join("\n").replaceAll(/^/gm, "      "));
      assert.ok(isClean(result), result.disagreements.map(reportDisagreement).join("\n"));
    });
  }
});

describe("the comparison", () => {
  // One client with one cluster that no rule decides: what is told of a lie is about that cluster alone.
  const { question, answer } = readRegressions().find(
    ({ name }) => name === "1.21-alias-beside-a-service-entry",
  )!;
  const cluster = answer.clients![0]!.clusters[0]!;
  const place = `${cluster.host}:${cluster.port}`;

  const lies = [
    { about: "another TLS", clusters: [{ ...cluster, tls: "MUTUAL" as const }] },
    { about: "another rule", clusters: [{ ...cluster, rule: "n/other" }] },
    { about: "no cluster", clusters: [] },
    { about: "one cluster twice", clusters: [cluster, cluster] },
  ];
  for (const { about, clusters } of lies) {
    it(`sees ${about}`, () => {
      const { differences } = compare(question, { ...answer, clients: [{ clusters }] });
      // A lie about TLS is seen twice: in the cluster, and in the verdict that follows from it.
      const places = new Set(differences.map((difference) => difference.place));
      assert.deepEqual([...places], [place]);
    });
  }

  it("sees a cluster that only istiod sends", () => {
    const more = { ...cluster, port: cluster.port + 1 };
    const { differences } = compare(question, {
      ...answer,
      clients: [{ clusters: [cluster, more] }],
    });
    assert.deepEqual(
      differences.map(({ istiod, model }) => [istiod, model]),
      [[cluster.tls, undefined]],
    );
  });
});
