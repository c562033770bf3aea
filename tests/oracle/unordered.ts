/**
 * Meshes whose ages, and some of whose values, are taken away: what the model decides all the same must hold however
 * they turn out, and of what it leaves open istiod must confirm both witnesses.
 */
import { randomInt } from "node:crypto";
import fc from "fast-check";
import { judge, readMesh, type KubeObject, type Verdict, type Witness } from "../../mesh/index.js";
import { objectText } from "../../mesh/input/kube-object.js";
import { isPlain, refOf, type Plain } from "../../mesh/input/plain.js";
import { pathText, unknownPaths, withValue, type Path } from "../../mesh/input/unknowns.js";
import { ruleObjects, rules } from "./arbitraries/destination-rules.js";
import { peerAuthentication, sidecar } from "./arbitraries/scopes.js";
import { serviceEntries } from "./arbitraries/service-entries.js";
import { createdInOrder, withoutAges } from "./completion.js";
import { compareSafely } from "./differential.js";
import { NEWEST } from "./generations.js";
import { pickHidden, withHidden } from "./hidden.js";
import { Istiod, programOf } from "./istiod.js";
import { inDomain, mesh } from "./meshes.js";
import type { Question } from "./question.js";
import { confirmationOf } from "./witness.js";

/** Objects of one kind that meet in one place, up to so many. */
const MOST = 12;

type Named = Plain & { metadata: { namespace: string; name: string } };

const crowdOf = (one: fc.Arbitrary<unknown>) => fc.array(one, { minLength: 2, maxLength: MOST });

const ruleCrowd = fc.tuple(rules, rules).map((lists) =>
  ruleObjects(
    lists.flat().map((one) => ({ ...one, meets: "host and namespace" })),
    [],
  ),
);

/** They have the hosts of the first, and are resolved as it is. */
const entryCrowd = fc
  .array(serviceEntries, { minLength: 2, maxLength: 6 })
  .map((lists) => lists.flat().slice(0, MOST) as Named[])
  .map((entries) => {
    const first = isPlain(entries[0]?.spec) ? entries[0].spec : {};
    const { hosts, resolution } = first;
    return entries.map((entry) => ({
      ...entry,
      spec: { ...(entry.spec as Plain), hosts, resolution },
    }));
  });

/** Up to twelve objects of one kind whose order may matter; those of most kinds are of one namespace. */
const crowd = fc.oneof(
  ruleCrowd.map((objects) => ({ objects, isOfOne: true })),
  crowdOf(sidecar).map((objects) => ({ objects, isOfOne: true })),
  crowdOf(peerAuthentication).map((objects) => ({ objects, isOfOne: true })),
  entryCrowd.map((objects) => ({ objects, isOfOne: false })),
);

function crowdObjects({ objects, isOfOne }: { objects: unknown[]; isOfOne: boolean }): Named[] {
  const named = objects as Named[];
  return named.map((object, index) => {
    const { namespace } = isOfOne && named[0] ? named[0].metadata : object.metadata;
    return { ...object, metadata: { ...object.metadata, namespace, name: `u${index}` } };
  });
}

/** Up to so many objects are tried in every order. */
const MOST_IN_EVERY_ORDER = 4;

/** Every order of the last few objects of a mesh, in the places that they have in one order; none where there are more. */
function everyOrderOf(count: number, order: readonly number[]): number[][] {
  if (count === 0 || count > MOST_IN_EVERY_ORDER) return [];
  const first = order.length - count;
  return permutations(order.slice(first)).map((ages) => [...order.slice(0, first), ...ages]);
}

function permutations<T>(values: readonly T[]): T[][] {
  if (values.length === 0) return [[]];
  return values.flatMap((value, index) =>
    permutations(values.toSpliced(index, 1)).map((others) => [value, ...others]),
  );
}

/** A mesh with all that is known of it, what the model is shown, and orders that it may be created in. */
interface UnorderedMesh {
  question: Question;
  shown: KubeObject[];
  orders: number[][];
}

/** Meshes without ages, half of them with one or two values less. */
function unorderedMesh(orders: number): fc.Arbitrary<UnorderedMesh> {
  const numbers = fc.option(fc.array(fc.nat(), { minLength: 1, maxLength: 2 }), {
    nil: [],
    freq: 1,
  });
  return fc
    .noBias(fc.record({ question: mesh, crowd: fc.option(crowd, { nil: undefined }), numbers }))
    .chain(({ question, crowd, numbers }) => {
      const more = crowd ? inDomain(crowdObjects(crowd), question.mesh.clusterDomain ?? "") : [];
      const objects = [...question.objects, ...more];
      const aged = withoutAges(objects);
      const indexes = [...objects.keys()];
      return fc
        .array(fc.shuffledSubarray(indexes, { minLength: indexes.length }), {
          minLength: orders,
          maxLength: orders,
        })
        .map((some) => ({
          question: { ...question, objects: aged, hidden: undefined },
          shown: withHidden(aged, pickHidden(aged, numbers)),
          orders: [...some, ...everyOrderOf(more.length, some[0] ?? indexes)],
        }));
    });
}

/** What a run found. */
interface UnorderedResult {
  seed: number;
  meshes: number;
  /** Completions that istiod was asked about. */
  asked: number;
  decided: number;
  undecided: number;
  /** Witnesses that istiod and the model confirmed. */
  confirmed: number;
  /** Witnesses that can't be looked at: what goes wrong for another revision hides the answer. */
  hidden: number;
  /** Left open without witnesses: there was more than could be tried. */
  givenUp: number;
  problems: string[];
}

/** Witnesses of one mesh that istiod is asked about, at most. */
const MOST_WITNESSES = 8;

interface RunOptions {
  meshes: number;
  /** Orders of creation that are tried of each mesh, besides those of witnesses. */
  orders: number;
  seed?: number;
  onProgress?: (done: number) => void;
}

/** Puts random meshes of which not all is known to the model, and their completions to istiod. */
export async function runUnordered(options: RunOptions): Promise<UnorderedResult> {
  const seed = options.seed ?? randomInt(2 ** 31);
  const counts = {
    meshes: 0,
    asked: 0,
    decided: 0,
    undecided: 0,
    confirmed: 0,
    hidden: 0,
    givenUp: 0,
  };
  const result: UnorderedResult = { seed, ...counts, problems: [] };
  const istiod = new Istiod(await programOf(NEWEST));
  try {
    while (result.meshes < options.meshes && result.problems.length < 5) {
      const numRuns = Math.min(50, options.meshes - result.meshes);
      const batch = fc.sample(unorderedMesh(options.orders), {
        seed: seed + result.meshes,
        numRuns,
      });
      for (const one of batch) await new Trial(istiod, result, one).run();
      options.onProgress?.(result.meshes);
    }
  } finally {
    istiod.close();
  }
  return result;
}

/** The result in a sentence. */
export function unorderedText(result: UnorderedResult): string {
  const { seed, meshes, asked, decided, undecided, confirmed, hidden, givenUp, problems } = result;
  return (
    `seed ${seed}: ${meshes} meshes, ${asked} completions, ${decided} decided, ${undecided} undecided, ` +
    `${confirmed} witnesses confirmed, ${hidden} hidden by another revision, ${givenUp} without witnesses, ${problems.length} problems`
  );
}

/** One mesh, put to both. */
class Trial {
  constructor(
    private readonly istiod: Istiod,
    private readonly result: UnorderedResult,
    private readonly mesh: UnorderedMesh,
  ) {}

  async run(): Promise<void> {
    const { question, shown, orders } = this.mesh;
    this.result.meshes++;
    const names = new Set(shown.map((one) => objectText(refOf(one))));
    // A witness says of which object a value is by its name.
    if (names.size < shown.length) return;
    const verdicts = verdictsOf(question, shown);
    await Promise.all(orders.map((order) => this.tryOrder(order, verdicts)));
    const open = verdicts.filter(({ verdict }) => verdict === "undecided");
    this.result.undecided += open.length;
    this.result.decided += verdicts.length - open.length;
    for (const one of open) {
      if (one.witnesses?.length === 2) continue;
      this.result.givenUp++;
      this.tell(one, "two witnesses", "fewer");
    }
    const asked = open.slice(0, MOST_WITNESSES);
    await Promise.all(
      asked.flatMap((one) => (one.witnesses ?? []).map((witness) => this.tryWitness(one, witness))),
    );
  }

  /** What is decided holds in a mesh that was created in this order. */
  private async tryOrder(order: readonly number[], verdicts: readonly Verdict[]): Promise<void> {
    const { question } = this.mesh;
    const objects = createdInOrder(question.objects, (_, index) => order[index] ?? 0);
    if (!(await this.isConfirmed(objects))) return;
    const known = new Map(verdictsOf(question, objects).map((one) => [keyOf(one), one]));
    for (const verdict of verdicts) {
      // What isn't known may be the name or the port of what it is about.
      if (verdict.verdict === "undecided" || verdict.port === 0) continue;
      const found = known.get(keyOf(verdict));
      if (!found && hasOpenName(verdict)) continue;
      const answer = found?.verdict ?? "ok";
      if (answer !== verdict.verdict) this.tell(verdict, verdict.verdict, answer);
      if (found && verdict.tls !== undefined && verdict.tls !== found.tls) {
        this.tell(verdict, verdict.tls, String(found.tls));
      }
    }
  }

  private async tryWitness(verdict: Verdict, witness: Witness): Promise<void> {
    const { question, shown } = this.mesh;
    const objects = shown.map((object, index) =>
      knownBut(object, question.objects[index] as Plain, witness),
    );
    const { expected, found, ...said } = confirmationOf(question, objects, verdict, witness);
    if (!(await this.isConfirmed(said.objects))) return;
    if (found === expected) this.result.confirmed++;
    else if (said.verdicts.some(({ revision }) => revision !== verdict.revision)) {
      this.result.hidden++;
    } else this.tell(verdict, `${expected} by ${JSON.stringify(witness)}`, found);
  }

  /** Whether istiod agrees with the model about a mesh of which all is known. */
  private async isConfirmed(objects: KubeObject[]): Promise<boolean> {
    this.result.asked++;
    const question = { ...this.mesh.question, objects };
    const answer = await this.istiod.ask(question);
    const { differences } = compareSafely(question, answer);
    if (answer.error === undefined && differences.length === 0) return true;
    const said = answer.error ?? JSON.stringify(differences);
    this.result.problems.push(`istiod: ${said}\n${JSON.stringify(question)}`);
    return false;
  }

  private tell(verdict: Verdict, expected: string, found: string): void {
    const { question, shown } = this.mesh;
    const text = JSON.stringify({ ...question, objects: shown }, (_, value: unknown) =>
      typeof value === "symbol" ? "UNKNOWN" : value,
    );
    this.result.problems.push(`${keyOf(verdict)}: ${expected}, not ${found}\n${text}`);
  }
}

/** An object as it is, but for what a witness says. */
function knownBut(shown: KubeObject, whole: Plain, { values }: Witness): KubeObject {
  const name = objectText(refOf(shown));
  const own = values.filter(({ object }) => objectText(object) === name).map(({ path }) => path);
  return unknownPaths(shown)
    .filter((path) => !own.includes(pathText(path)))
    .reduce<Plain>(
      (known, path) => withValue(known, path, valueAt(whole, path)),
      shown,
    ) as KubeObject;
}

function valueAt(object: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, step) => (value as Record<string, unknown>)[step], object);
}

function hasOpenName({ alias: { namespace, name } }: Verdict): boolean {
  return namespace === "" || name === "";
}

function keyOf({ alias, host, clientIndex, port, subset }: Verdict): string {
  return [alias.kind, alias.namespace, alias.name, host, clientIndex, port, subset].join("|");
}

function verdictsOf({ clients, mesh: facts }: Question, objects: KubeObject[]): Verdict[] {
  return judge(readMesh(objects, facts), clients);
}
