import assert from "node:assert/strict";
import { DECISIONS } from "../mesh/decisions.js";
import { Admission } from "./admission.js";
import { GuardedCluster } from "./guardedCluster.js";
import { guardedIn, NAMESPACES, RANDOM_MESH, randomRules, verdictAlone } from "./guardedRules.js";
import { sharedPlane } from "./sharedPlane.js";

/** How many rules to try: `npm run guard:rules` tries the 2,000 that docs/guard.md tells of. */
const COUNT = Number(process.env.GUARD_RULES ?? 300);
const SEED = Number(process.env.PROPERTY_SEED ?? 1);

describe("the guard and the model, on one rule at a time", function () {
  this.timeout(600_000);
  let cluster: GuardedCluster;

  before(async () => {
    const { plane } = await sharedPlane();
    cluster = new GuardedCluster(new Admission(plane.kubeconfig));
    for (const namespace of NAMESPACES) await cluster.admission.create(namespace);
  });
  after(async () => {
    await cluster?.remove();
    for (const namespace of NAMESPACES) await cluster?.admission.delete(namespace);
    cluster?.admission.close();
  });

  const byGuard = new Map<string, (typeof DECISIONS)[number][]>();
  for (const decision of DECISIONS) {
    const key = JSON.stringify(guardedIn(decision));
    byGuard.set(key, [...(byGuard.get(key) ?? []), decision]);
  }
  for (const [key, decisions] of byGuard) {
    describe(`with the aliases of row ${decisions[0]!.row}`, () => {
      before(() => cluster.guard(guardedIn(decisions[0]!)));
      for (const { row, title, objects, facts } of decisions) {
        for (const rule of objects.filter(({ kind }) => kind === "DestinationRule")) {
          const { name, namespace } = rule.metadata as { name: string; namespace: string };
          const verdict = verdictAlone(rule, objects, facts);
          it(`${row}: ${title}: ${namespace}/${name} is ${verdict}`, async () => {
            const { isRefused } = await cluster.answerTo(rule);
            assert.equal(isRefused, verdict === "violation", key);
          });
        }
      }
    });
  }

  it(`agree on ${COUNT} random rules, but for less than 2 % that the guard refuses to be safe`, async () => {
    await cluster.guard(RANDOM_MESH);
    const counts = { refused: 0, admitted: 0, invalid: 0, refusedAlthoughRight: 0 };
    const toBeSafe: string[] = [];
    for (const rule of randomRules(COUNT, SEED)) {
      const isViolation = verdictAlone(rule, RANDOM_MESH.objects, RANDOM_MESH.mesh) === "violation";
      const { isRefused, isAdmitted } = await cluster.answerTo(rule);
      if (isViolation) assert.ok(!isAdmitted, `admitted: ${JSON.stringify(rule)}`);
      if (isRefused && !isViolation) toBeSafe.push(JSON.stringify(rule));
      counts[isRefused ? "refused" : isAdmitted ? "admitted" : "invalid"]++;
    }
    counts.refusedAlthoughRight = toBeSafe.length;
    if (process.env.GUARD_RULES) console.log(counts, toBeSafe.join("\n"));
    assert.ok(counts.refused > COUNT / 5 && counts.admitted > COUNT / 5, JSON.stringify(counts));
    assert.ok(toBeSafe.length < COUNT * 0.02, toBeSafe.join("\n"));
  });
});
