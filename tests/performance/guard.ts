import assert from "node:assert/strict";
import type { KubeObject } from "../../mesh/index.js";
import { IM, OFF, rule } from "../mesh/objects.js";
import { Admission } from "../stack/admission.js";
import { GuardedCluster } from "../stack/guardedCluster.js";
import { sharedPlane } from "../stack/sharedPlane.js";

const BATCHES = 15;
const BATCH = 25;

/** Aliases like a platform's: in 50 namespaces, with names of a usual length. */
function aliasesOf(count: number) {
  return Array.from({ length: count }, (_, index) => ({
    name: `external-service-${index}`,
    namespace: `team-${index % 50}`,
    ports: [{ port: 443 }],
  }));
}

const mutual = (host: string) => rule("default", "r", { host, ...IM });
const LONGEST = `${"a".repeat(62)}.`.repeat(4).slice(0, 253);

const RULES: Record<string, KubeObject> = {
  DISABLE: rule("default", "r", { host: "reviews.shop.svc.cluster.local", ...OFF }),
  "ISTIO_MUTUAL inside": mutual("reviews.shop.svc.cluster.local"),
  "ISTIO_MUTUAL, the longest host": mutual(LONGEST),
  "ISTIO_MUTUAL for an alias": mutual("external-service-999.team-49.svc.cluster.local"),
  "ISTIO_MUTUAL, a wildcard": mutual("*.svc.cluster.local"),
};

/**
 * Milliseconds that a request spends in admission policies, by the API server's own count: the median of
 * some batches, for a batch that something else disturbs says nothing.
 */
async function measure(admission: Admission, object: KubeObject) {
  const means: number[] = [];
  let message = "";
  for (let batch = 0; batch < BATCHES; batch++) {
    const before = await spent(admission);
    for (let i = 0; i < BATCH; i++) ({ message } = await admission.tryToCreate(object));
    const after = await spent(admission);
    means.push(((after.sum - before.sum) / (after.count - before.count)) * 1000);
  }
  return { policies: means.sort((a, b) => a - b)[(BATCHES - 1) / 2]!, message };
}

async function spent(admission: Admission): Promise<{ sum: number; count: number }> {
  const metrics = await admission.metrics();
  const total = (suffix: string) => {
    const name = `apiserver_admission_controller_admission_duration_seconds_${suffix}`;
    const labels = 'name="ValidatingAdmissionPolicy",operation="CREATE",.*type="validate"';
    return [...metrics.matchAll(new RegExp(`^${name}\\{${labels}\\} (\\S+)$`, "gm"))]
      .map(([, value]) => Number(value))
      .reduce((sum, value) => sum + value, 0);
  };
  return { sum: total("sum"), count: total("count") };
}

/** What docs/guard.md says of the guard's cost; `npm run bench:guard`. */
describe("what the guard costs", function () {
  this.timeout(600_000);
  let admission: Admission;
  let cluster: GuardedCluster;
  const none: Record<string, number> = {};

  before(async () => {
    const { plane } = await sharedPlane();
    admission = new Admission(plane.kubeconfig);
    cluster = new GuardedCluster(admission);
    for (const [what, object] of Object.entries(RULES)) {
      none[what] = (await measure(admission, object)).policies;
    }
  });
  after(async () => {
    await cluster?.remove();
    admission?.close();
  });

  for (const count of [1_000, 10_000, 25_000]) {
    describe(`with ${count} aliases`, () => {
      before(() => cluster.guard({ aliases: aliasesOf(count) }));
      for (const [what, object] of Object.entries(RULES)) {
        it(what, async () => {
          const { policies, message } = await measure(admission, object);
          const more = policies - none[what]!;
          console.log(`      ${more.toFixed(2)} ms more`);
          assert.doesNotMatch(message, /cost budget|cost limit/);
          assert.equal(/says ISTIO_MUTUAL/.test(message), /alias|wildcard/.test(what), message);
          if (count === 1_000) assert.ok(more <= 2, `${more} ms`);
        });
      }
    });
  }
});
