import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { clusterJson, type LineAnswer, verdictJson } from "./format/json.js";
import { type MeshLine, parseMeshLine, UnreadableLine } from "./input/mesh-line.js";
import { lastOfEach } from "./input/reading.js";
import { meshConfigIn } from "./input/mesh-config.js";
import type { Manifest } from "./input/manifests.js";
import { ExitCode, Mistake } from "./mistake.js";
import type { Progress } from "./progress.js";
import { clustersOf, defaultClients, judge, type MeshFacts, readMesh } from "../mesh/index.js";

/**
 * Judges one mesh a line: a line in, a line out, in order, with no more than one of them held.
 * A line that can't be read is answered with why, and the run goes on.
 *
 * @param facts what holds for lines that don't say otherwise
 * @returns Ok if every line could be read; the verdicts are in the answers
 */
export async function judgeLines(
  input: Readable,
  output: Writable,
  facts: Partial<MeshFacts>,
  progress: Progress,
): Promise<ExitCode> {
  let [number, unreadable] = [0, 0];
  for await (const line of linesOf(input)) {
    number++;
    if (line.trim() === "") continue;
    const answer = answerTo(line, number, facts);
    if ("error" in answer) unreadable++;
    // A slow reader makes the run wait, rather than its answers pile up.
    if (!output.write(`${JSON.stringify(answer)}\n`)) await once(output, "drain");
    progress.report(() => `judged ${number} lines`);
  }
  return unreadable > 0 ? ExitCode.BadInput : ExitCode.Ok;
}

/** Node's own line reader would hold a thousand lines ahead, and a line here is a whole mesh. */
async function* linesOf(input: Readable): AsyncGenerator<string> {
  let begun = "";
  for await (const chunk of input.setEncoding("utf8") as AsyncIterable<string>) {
    const [first = "", ...others] = chunk.split("\n");
    begun += first;
    for (const line of others) {
      yield begun;
      begun = line;
    }
  }
  yield begun;
}

interface Unanswered {
  id: unknown;
  error: string;
}

function answerTo(
  line: string,
  number: number,
  facts: Partial<MeshFacts>,
): LineAnswer | Unanswered {
  let mesh: MeshLine | undefined;
  try {
    mesh = parseMeshLine(line);
    return judgeLine(mesh, facts);
  } catch (error) {
    if (error instanceof UnreadableLine) {
      return { id: error.id, error: `line ${number}: ${error.message}` };
    }
    // One mesh that we fail on must not take the answers about all the others with it.
    return { id: mesh?.id ?? null, error: `line ${number}: an internal error: ${String(error)}` };
  }
}

/** What a mesh configuration among the objects says. */
function configIn(
  manifests: readonly Manifest[],
  said: Partial<MeshFacts>,
  id: unknown,
): Partial<MeshFacts> {
  try {
    return meshConfigIn(manifests, said).facts;
  } catch (error) {
    throw error instanceof Mistake ? new UnreadableLine(id, error.message) : error;
  }
}

function judgeLine(line: MeshLine, facts: Partial<MeshFacts>): LineAnswer {
  const { manifests } = lastOfEach(line.objects.map((object) => ({ object })));
  const said = { ...facts, ...line.mesh };
  const mesh = readMesh(
    manifests.map(({ object }) => object),
    { ...configIn(manifests, said, line.id), ...said },
  );
  const clients = line.clients ?? defaultClients(mesh);
  return {
    id: line.id,
    ...(line.clients ? {} : { clients }),
    effective: clients.flatMap((client, index) =>
      clustersOf(mesh, client).map((cluster) => clusterJson(cluster, index)),
    ),
    verdicts: judge(mesh, clients).map((verdict) => verdictJson(verdict)),
  };
}
