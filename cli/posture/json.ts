import { z } from "zod";
import { Mistake } from "../mistake.js";
import type { Posture } from "./row.js";

const row = z.object({
  alias: z.string(),
  target: z.string(),
  client: z.string(),
  port: z.int(),
  subset: z.string(),
  declared: z.enum(["DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL", "none", "unknown"]),
  tls: z.enum([
    ...["PLAIN", "AUTO", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"],
    ...["no cluster", "no sidecar", "unknown"],
  ] as const),
  verifier: z.enum([
    ...["sidecar", "sidecar, any name", "workload", "workload, if it encrypts"],
    ...["nobody", "unknown"],
  ] as const),
  verdict: z.enum(["ok", "violation", "undecided"]),
  kind: z.enum(["live", "declared"]).exactOptional(),
  rule: z.string().exactOptional(),
  level: z.enum(["top", "port", "subset", "subset-port"]).exactOptional(),
  call: z.string().exactOptional(),
  finding: z.string().exactOptional(),
  fix: z.string().exactOptional(),
});

const posture = z.object({
  source: z.string(),
  istioVersion: z.string().exactOptional(),
  rows: z.array(row),
  notes: z.array(z.string()),
});

/** The posture for programs, and to be compared with later. */
export function postureJson(posture: Posture): string {
  return `${JSON.stringify(posture, undefined, 2)}\n`;
}

/**
 * A posture that {@link postureJson} wrote; undefined for text that is something else.
 *
 * @throws {Mistake} if it looks like one and can't be used
 */
export function readPosture(text: string, file: string): Posture | undefined {
  const value = parsed(text);
  if (typeof value !== "object" || value === null || !("rows" in value)) return undefined;
  const { success, data, error } = posture.safeParse(value);
  if (!success) throw new Mistake(`${file}: not a posture: ${z.prettifyError(error)}`);
  return data;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
