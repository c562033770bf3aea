import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
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
  /** Whether a start has ever reached its end with these parts. */
  complete: z.boolean(),
});

/** What a plane is made of. Which of it runs, only the kernel knows. */
export type PlaneRecord = z.infer<typeof recordSchema>;

/** Undefined when there is no plane, or one that was written by another version of this code. */
export function readRecord(stateDir: string): PlaneRecord | undefined {
  const file = planeFiles(stateDir).record;
  if (!existsSync(file)) return undefined;
  const parsed = recordSchema.safeParse(parseJson(readFileSync(file, "utf8")));
  return parsed.success ? parsed.data : undefined;
}

/** Written at once or not at all, readable by its owner only. */
export function writeRecord(stateDir: string, record: PlaneRecord): void {
  const file = planeFiles(stateDir).record;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.draft`, JSON.stringify(record, undefined, 2), { mode: 0o600 });
  renameSync(`${file}.draft`, file);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
