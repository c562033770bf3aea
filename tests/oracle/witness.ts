/** What the model says where a mesh turns out as a witness says. */
import { judge, readMesh, type KubeObject, type Verdict, type Witness } from "../../mesh/index.js";
import { completedBy } from "./completion.js";
import type { Question } from "./question.js";

/** A witness whose mesh is judged, with what was to be found. */
interface Confirmation {
  /** The mesh that the witness makes of the objects. */
  objects: KubeObject[];
  /** All that is found in it. */
  verdicts: Verdict[];
  /** What the witness says that is found; undecided where only what the alias leads to is open. */
  expected: Verdict["verdict"];
  found: Verdict["verdict"];
}

/** Judges a mesh as a witness of one of its verdicts says that it turns out. */
export function confirmationOf(
  { clients, mesh }: Question,
  objects: readonly KubeObject[],
  verdict: Verdict,
  witness: Witness,
): Confirmation {
  const completed = completedBy(objects, witness);
  const verdicts = judge(readMesh(completed, mesh), clients);
  const expected = witness.leadsOutside === undefined ? witness.verdict : "undecided";
  const there = verdicts.filter((one) => isOfSame(verdict, one) && isPort(verdict, one, expected));
  return { objects: completed, verdicts, expected, found: worstOf(there) };
}

/** A place is named by its host where the object's name isn't known. */
function isOfSame(asked: Verdict, { alias, host, clientIndex, subset }: Verdict): boolean {
  const { kind, namespace, name } = asked.alias;
  return (
    host === asked.host &&
    clientIndex === asked.clientIndex &&
    subset === asked.subset &&
    alias.kind === kind &&
    (name === "" || alias.name === name) &&
    (namespace === "" || alias.namespace === namespace)
  );
}

/** Port 0 is any that isn't known: one of them may be wrong, and what no rule is about may be right. */
function isPort(asked: Verdict, { port }: Verdict, expected: Verdict["verdict"]): boolean {
  if (asked.port !== 0) return port === asked.port;
  return expected !== "ok" || port === 0 || port === OTHER_PORT;
}

/** A port that no rule names. */
const OTHER_PORT = 65535;

function worstOf(verdicts: readonly Verdict[]): Verdict["verdict"] {
  const said = verdicts.map(({ verdict }) => verdict);
  return said.find((one) => one === "violation") ?? said.find((one) => one === "undecided") ?? "ok";
}
