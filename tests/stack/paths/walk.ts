import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ApiServer } from "../../../cli/kube/api-server.js";
import { askCluster } from "../../../cli/verify/ask-cluster.js";
import { inEmbeddedMesh } from "../../../cli/verify/ask-istiod.js";
import { rowsOf } from "../../../cli/verify/rows.js";
import { type Catalogue, parseCatalogue } from "../../../catalogue/catalogue.js";
import { eventually } from "../../local/eventually.js";
import { nowhere, objectsIn } from "../kube.js";
import type { TestPlane } from "../sharedPlane.js";
import { type Run, TestStack } from "../testStack.js";
import { type GuardedCall, gapOf, guardedCalls } from "./calls.js";
import { NAMESPACES, type Path, type WrittenCatalogue } from "./catalogues.js";
import { type Side, objectsAt, placed } from "./objects.js";
import { Subscription } from "./subscription.js";

/** What was looked at on one path, or on several. */
export interface Seen {
  /** Pushes of istiod's to the onlookers while a stack changed. */
  pushes: number;
  /** Calls whose TLS both catalogues declare, each looked at in every push to its client. */
  calls: number;
}

let count = 0;

/** Where one path is taken: by the stack that is looked at, and by the one that goes straight to its end. */
interface Walk extends Path {
  walked: Side;
  fresh: Side;
}

/**
 * Takes a stack from the first catalogues of some paths to the second ones, and another stack straight
 * to these: afterwards both have the same objects and the same files, and nobody has been without the
 * TLS that both catalogues declare. The paths go beside each other, each in namespaces and with targets
 * of its own, so that the engine, which takes longest to start, serves them all.
 *
 * @throws what is otherwise
 */
export async function walk(on: TestPlane, paths: readonly Path[]): Promise<Seen> {
  const number = ++count;
  const walks = paths.map((one, index) => ({
    ...one,
    walked: `walked${number}x${index}`,
    fresh: `fresh${number}x${index}`,
  }));
  const server = await ApiServer.from({ kubeconfig: on.plane.kubeconfig });
  try {
    const [seen] = await Promise.all([
      walkInCluster(on, walks),
      straight(on, walks),
      walkInFiles(on, number, walks),
    ]);
    for (const one of walks) {
      // Kubernetes collects what belonged to deleted objects a moment later.
      await eventually(async () => {
        const found = await Promise.all([one.walked, one.fresh].map((s) => objectsAt(server, s)));
        assert.deepEqual(found[0], found[1], "the objects differ from those of a fresh update");
        return true;
      });
    }
    return seen;
  } finally {
    await Promise.all(walks.flatMap(({ walked, fresh }) => [clear(on, walked), clear(on, fresh)]));
  }
}

/** One catalogue of several, each at a place of its own. */
function together(
  walks: readonly Walk[],
  end: "before" | "after",
  side: (one: Walk) => Side,
): WrittenCatalogue {
  const parts = walks.map((one) => placed(one[end], side(one)));
  return {
    clients: parts.flatMap(({ clients }) => clients),
    aliases: parts.flatMap(({ aliases }) => aliases),
  };
}

async function succeeded(running: Promise<Run>): Promise<Run> {
  const run = await running;
  assert.equal(run.exitCode, 0, run.output);
  return run;
}

async function straight(on: TestPlane, walks: readonly Walk[]): Promise<void> {
  const to = together(walks, "after", ({ fresh }) => fresh);
  const stack = await TestStack.open({ on });
  await succeeded(stack.up(to));
  await verified(on, walks, "after", ({ fresh }) => fresh);
}

async function walkInCluster(on: TestPlane, walks: readonly Walk[]): Promise<Seen> {
  const side = ({ walked }: Walk) => walked;
  const [from, to] = [together(walks, "before", side), together(walks, "after", side)];
  const stack = await TestStack.open({ on });
  await succeeded(stack.up(from));
  await verified(on, walks, "before", side);

  const calls = walks.flatMap((one) => callsOf(one));
  const onlookers = to.clients.map(({ namespace }) => onlooker(on, namespace, calls));
  try {
    await eventually(() => onlookers.every(({ isReady }) => isReady()) || undefined);
    for (const { begin } of onlookers) begin();
    await succeeded(stack.up(to));
    await verified(on, walks, "after", side);
    await atRest(onlookers);
  } finally {
    for (const { close } of onlookers) close();
  }
  assert.deepEqual(
    onlookers.flatMap(({ gaps }) => gaps),
    [],
    "a client was without the TLS that both catalogues declare",
  );
  const again = await succeeded(stack.up(to));
  assert.deepEqual(again.changes, [], "a second update changes something");
  const pushes = onlookers.reduce((sum, one) => sum + one.pushes(), 0);
  return { pushes, calls: calls.length };
}

/** The calls of a path that its own clients make, whose TLS both catalogues declare. */
function callsOf({ before, after, walked }: Walk): GuardedCall[] {
  const [from, to] = [before, after].map((catalogue) =>
    parseCatalogue(placed(catalogue, walked), "drawn"),
  ) as [Catalogue, Catalogue];
  const namespaces = NAMESPACES.map((namespace) => `${walked}-${namespace}`);
  return guardedCalls(from, to, namespaces);
}

/** Waits until istiod has sent nothing for half a second: the last objects to go have pushes of their own. */
async function atRest(onlookers: readonly { pushes: () => number }[]): Promise<void> {
  const sum = () => onlookers.reduce((pushes, one) => pushes + one.pushes(), 0);
  for (let before = -1; before !== sum();) {
    before = sum();
    await sleep(500);
  }
}

/** Looks at every push to a sidecar in a namespace. */
function onlooker(on: TestPlane, namespace: string, calls: readonly GuardedCall[]) {
  const own = calls.filter((call) => call.namespace === namespace);
  const gaps: string[] = [];
  let pushes = 0;
  let isWatching = false;
  let isReady = false;
  const subscription = new Subscription(on.plane.istiod, namespace, [80, 8080], (clusters) => {
    const found = own.flatMap((call) => {
      const gap = gapOf(call, clusters);
      return gap === undefined ? [] : [`${namespace} → ${call.host}:${call.port}: ${gap}`];
    });
    isReady = found.length === 0;
    if (!isWatching) return;
    pushes += 1;
    gaps.push(...found.map((gap) => `push ${pushes}: ${gap}`));
  });
  return {
    gaps,
    pushes: () => pushes,
    isReady: () => {
      if (subscription.error) throw subscription.error;
      return isReady;
    },
    begin: () => void (isWatching = true),
    close: () => {
      subscription.close();
    },
  };
}

/** Waits until reality is as the catalogues declare. */
async function verified(
  on: TestPlane,
  walks: readonly Walk[],
  end: "before" | "after",
  side: (one: Walk) => Side,
): Promise<void> {
  const server = await ApiServer.from({ kubeconfig: on.plane.kubeconfig });
  for (const one of walks) {
    const catalogue = parseCatalogue(placed(one[end], side(one)), "drawn");
    await eventually(async () => {
      const reality = await askCluster(catalogue, server, inEmbeddedMesh(on.plane.istiod));
      const wrong = rowsOf(catalogue, reality).filter(({ ok }) => !ok);
      assert.deepEqual(wrong, [], "the cluster isn't as declared");
      return true;
    });
  }
}

/** The same for a folder of YAML files. */
async function walkInFiles(on: TestPlane, number: number, walks: readonly Walk[]): Promise<void> {
  const [from, to] = (["before", "after"] as const).map((end) =>
    together(walks, end, ({ walked }) => walked),
  );
  const filesOf = async (name: string, catalogues: readonly unknown[]) => {
    const folder = path.join(on.folder, name);
    const config = { "kubernetes:renderYamlToDirectory": folder };
    const stack = await TestStack.open({ on, kubeconfig: nowhere(on), config });
    for (const catalogue of catalogues) await succeeded(stack.up(catalogue));
    return filesIn(folder);
  };
  const [walked, fresh] = await Promise.all([
    filesOf(`walked${number}`, [from, to]),
    filesOf(`fresh${number}`, [to]),
  ]);
  assert.deepEqual(walked, fresh, "the files differ from those of a fresh update");
}

function filesIn(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => path.join(parentPath, name))
    .sort();
  return Object.fromEntries(
    files.map((file) => [path.relative(folder, file), readFileSync(file, "utf8")]),
  );
}

/** Kubernetes takes the namespaces and what is in them away in its own time. */
async function clear(on: TestPlane, side: Side): Promise<void> {
  const cluster = objectsIn(on.plane.kubeconfig);
  for (const namespace of NAMESPACES) {
    const metadata = { name: `${side}-${namespace}` };
    await cluster.delete({ apiVersion: "v1", kind: "Namespace", metadata }).catch(() => undefined);
  }
}
