/**
 * Checks the arguments of an EgressAlias by the catalogue's own rules. Values that aren't known yet
 * are checked when they are, each by itself: none of them hides another in a preview.
 */
import { Output, output, RunError } from "@pulumi/pulumi";
import { CATALOGUE_KEY, CatalogueError, parseCatalogue } from "../../catalogue/catalogue.js";
import type { CatalogueAlias } from "../../catalogue/catalogue.js";
import type { MeshFacts } from "../../mesh/index.js";

/** What stands for a value that isn't known yet; each is like no other value of the alias. */
interface StandIn {
  value: string | number;
  leaf: Output<unknown>;
}

type Path = readonly string[];

/**
 * @param title for messages: `EgressAlias "my-httpbin"`
 * @param alias an alias of a catalogue, some of whose values may be Outputs
 * @returns the alias with the catalogue's defaults, and the mesh with Istio's
 * @throws RunError (which Pulumi prints without a stack trace) with a line for each mistake
 */
export function checkedAlias(
  title: string,
  alias: object,
  mesh: Partial<MeshFacts> = {},
): { alias: CatalogueAlias; mesh: MeshFacts } {
  const standIns: StandIn[] = [];
  const declared = withStandIns(alias, [], standIns);
  const check = (candidate: unknown) => {
    try {
      return parseCatalogue({ mesh, clients: [], aliases: [candidate] }, title);
    } catch (error) {
      throw error instanceof CatalogueError ? new RunError(messageOf(error)) : error;
    }
  };
  const read = check(declared);
  const leaves = new Map<unknown, Output<unknown>>(
    standIns.map(({ value, leaf }) => {
      const checked = leaf.apply((known) => {
        check(replaced(declared, (other) => (other === value ? known : other)));
        return known;
      });
      return [value, checked];
    }),
  );
  const whole = replaced(read.aliases[0], (value) => leaves.get(value) ?? value);
  return { alias: whole as CatalogueAlias, mesh: read.mesh };
}

function messageOf({ where, issues }: CatalogueError): string {
  const prefix = `${CATALOGUE_KEY}.`;
  const lines = issues.map(({ key, message }) => {
    const own = key.replace(prefix, "").replace(/^aliases\[0\]\.?/, "");
    return `${where}: ${own ? `${own}: ` : ""}${message}`;
  });
  return lines.join("\n");
}

/** Puts a value that passes for any in place of each Output. */
function withStandIns(value: unknown, path: Path, found: StandIn[]): unknown {
  if (Output.isInstance(value) || value instanceof Promise) {
    const standIn = standInFor(path, found.length + 1);
    found.push({ value: standIn, leaf: output<unknown>(value) });
    return standIn;
  }
  if (Array.isArray(value)) {
    return value.map((item, i) => withStandIns(item, [...path, String(i)], found));
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, withStandIns(item, [...path, key], found)]),
  );
}

function standInFor(path: Path, count: number): string | number {
  const [top, second, third] = path;
  const names = path.filter((step) => !/^\d+$/.test(step));
  // Addresses for documentation, which nobody's cluster has.
  if (top === "addresses") return `2001:db8::${count.toString(16)}`;
  if (top === "ports" && (third === "port" || third === "targetPort")) return 61000 + count;
  if (top === "inside" && second === "targetPorts") return 61000 + count;
  if (/^(caCertificates|clientCertificate|privateKey)$/.test(names.at(-1)!)) {
    return `/not-known-yet-${count}`;
  }
  const isHost = /^(externalName|sni|subjectAltNames)$/.test(names.at(-1)!);
  return isHost ? `not-known-yet-${count}.example` : `not-known-yet-${count}`;
}

/** A copy with each value that isn't a list or an object replaced. */
function replaced(value: unknown, by: (value: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => replaced(item, by));
  if (typeof value !== "object" || value === null) return by(value);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaced(item, by)]));
}
