import { z } from "zod";
import { textOf, writeWhole } from "./files.js";
import { PART_NAMES, PORT_NAMES, planeFiles } from "./part.js";

const recordSchema = z.object({
  ports: z.record(z.enum(PORT_NAMES), z.int().positive()),
  parts: z.array(
    z.object({
      name: z.enum(PART_NAMES),
      command: z.array(z.string()),
      environment: z.record(z.string(), z.string()),
      health: z.object({
        url: z.string(),
        tls: z
          .object({ ca: z.string(), cert: z.string().optional(), key: z.string().optional() })
          .optional(),
      }),
    }),
  ),
  /** The release of its istiod. */
  istioVersion: z.string(),
  /** The {@link fingerprint} of the credentials that they were started with. */
  credentials: z.string(),
  /** Whether a start has ever reached its end with these parts. */
  complete: z.boolean(),
});

/** What a plane is made of. Which of it runs, only the kernel knows. */
export type PlaneRecord = z.infer<typeof recordSchema>;

/**
 * Undefined when there is no plane, or one that was written by another version of this code, or its
 * record is damaged: then all of it is started again, with the data that it has.
 */
export function readRecord(stateDir: string): PlaneRecord | undefined {
  const text = textOf(planeFiles(stateDir).record);
  const parsed = recordSchema.safeParse(parseJson(text ?? ""));
  return parsed.success ? parsed.data : undefined;
}

/** Written at once or not at all, readable by its owner only. */
export function writeRecord(stateDir: string, record: PlaneRecord): void {
  writeWhole(planeFiles(stateDir).record, JSON.stringify(record, undefined, 2));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
