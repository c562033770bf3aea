import { z } from "zod";
import {
  byFact,
  type Client,
  type FactValue,
  istioVersionMistake,
  type KubeObject,
  type MeshFacts,
  OUTBOUND_TRAFFIC_POLICIES,
} from "../../mesh/index.js";
import { faultOf } from "./objects.js";

/** One mesh of `judge --json-lines`, as it is read. */
export interface MeshLine {
  /** Whatever the line gave; null if it gave none. */
  id: unknown;
  objects: KubeObject[];
  /** Absent: the clients that the objects themselves name. */
  clients?: Client[];
  mesh: Partial<MeshFacts>;
}

const text = z.string().min(1);

const istioVersion = z.string().superRefine((value, context) => {
  const mistake = istioVersionMistake(value);
  if (mistake) context.addIssue(mistake);
});

const factValues: Record<FactValue, z.ZodType> = {
  version: istioVersion,
  flag: z.boolean(),
  domain: text,
  namespace: text,
  namespaces: z.array(text),
  revision: text,
  ranges: z.array(text),
  hosts: z.array(text),
  "taken ranges": z.array(text),
  ports: z.array(text),
  duration: text,
  "outbound policy": z.enum(OUTBOUND_TRAFFIC_POLICIES),
};

/** Facts about the mesh as JSON gives them; a key that isn't one is refused, as it would do nothing. */
const meshFacts = z.strictObject(
  byFact(({ value }) => factValues[value].optional()),
) as z.ZodType as z.ZodType<Partial<MeshFacts>, Partial<MeshFacts>>;

const client = z.strictObject({
  namespace: text,
  labels: z.record(z.string(), z.string()).optional(),
  gateway: z.boolean().optional(),
  dataplane: z.enum(["sidecar", "ambient", "none"]).optional(),
}) satisfies z.ZodType<Client>;

const object = z.custom<KubeObject>().superRefine((value, context) => {
  const fault = faultOf(value);
  if (fault) context.addIssue({ code: "custom", ...fault });
});

// Other keys at the top may be the asker's own notes, so they are let through.
const meshLine = z.object({
  id: z
    .unknown()
    .optional()
    .transform((id) => id ?? null),
  objects: z.array(object),
  clients: z.array(client).optional(),
  mesh: meshFacts.default({}),
});

/** A line that can't be judged: its `id`, if that much could be read, and why. */
export class UnreadableLine extends Error {
  constructor(
    readonly id: unknown,
    message: string,
  ) {
    super(message);
  }
}

/** @throws {UnreadableLine} */
export function parseMeshLine(line: string): MeshLine {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new UnreadableLine(null, `not JSON: ${(error as Error).message}`);
  }
  const parsed = meshLine.safeParse(value);
  if (parsed.success) return parsed.data;
  const id = typeof value === "object" && value !== null && "id" in value ? value.id : null;
  throw new UnreadableLine(id, firstIssue(parsed.error));
}

/** The first thing wrong, with its path as JavaScript would write it: `objects[2].kind: ...`. */
function firstIssue({ issues: [issue] }: z.ZodError): string {
  if (!issue) return "not valid";
  const path = issue.path.reduce<string>(
    (path, key) => (typeof key === "number" ? `${path}[${key}]` : `${path}.${String(key)}`),
    "",
  );
  return path === "" ? issue.message : `${path.replace(/^\./, "")}: ${issue.message}`;
}
