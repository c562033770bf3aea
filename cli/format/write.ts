import { once } from "node:events";
import type { Writable } from "node:stream";

/** Pieces are written together once they have as many characters. */
const BATCH = 64_000;

/** Writes a text that comes in pieces. A slow reader makes it wait rather than fill the memory. */
export async function writePieces(output: Writable, pieces: Iterable<string>): Promise<void> {
  let batch = "";
  for (const piece of pieces) {
    batch += piece;
    if (batch.length < BATCH) continue;
    if (!output.write(batch)) await once(output, "drain");
    batch = "";
  }
  output.write(batch);
}
