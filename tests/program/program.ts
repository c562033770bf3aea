/** Runs the real index.ts with a catalogue, without an engine. */
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Output } from "@pulumi/pulumi";
import { parse } from "yaml";
import { CATALOGUE_KEY } from "../../catalogue/catalogue.js";
import { run, type Registration } from "../components/mocks.js";

const ROOT = path.join(__dirname, "../..");
const INDEX = path.join(ROOT, "index.ts");

/** What index.ts exports. */
export interface Exports {
  aliasHosts: Record<string, Output<string>>;
  clusterIPs: Record<string, Output<string | undefined>>;
  sourcePods: Record<string, string>;
  requests: Record<string, Output<string[]>>;
}

/** The catalogue that a stack file of this repository holds. */
export function catalogueOf(stack: string): unknown {
  const file = readFileSync(path.join(ROOT, `Pulumi.${stack}.yaml`), "utf8");
  return (parse(file) as { config: Record<string, unknown> }).config[CATALOGUE_KEY];
}

/** What every Service gets in the mocked cluster. */
export const CLUSTER_IP = "10.96.1.2";

/** Runs the program as `pulumi up` would; `config` beside the catalogue. */
export function runProgram(
  catalogue: unknown,
  stack: string,
  { config = {}, patience }: { config?: Record<string, string>; patience?: number } = {},
) {
  return run<Exports>(
    () => {
      // Each run is a process of its own in reality.
      delete require.cache[INDEX];
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- so that it can be run again
      return (require(INDEX) as () => Promise<Exports>)();
    },
    {
      stack,
      patience,
      config:
        catalogue === undefined
          ? config
          : { ...config, [CATALOGUE_KEY]: JSON.stringify(catalogue) },
      outputs: (type, inputs) =>
        type === "kubernetes:core/v1:Service"
          ? { spec: { ...(inputs.spec as object), clusterIP: CLUSTER_IP } }
          : {},
    },
  );
}

/** A Kubernetes object that the program sends. */
export interface Manifest {
  kind: string;
  metadata: { name: string; namespace?: string };
}

/** A name for an object that no other of the stack has: `Service default/my-httpbin`. */
export function idOf({ kind, metadata: { name, namespace } }: Manifest): string {
  return `${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`;
}

/** The Kubernetes objects among what was registered, by their ids, in the ids' order. */
export function manifestsOf(registrations: readonly Registration[]): Map<string, Manifest> {
  const manifests = registrations
    .filter(({ type }) => type.startsWith("kubernetes:"))
    .map(({ inputs }) => inputs as unknown as Manifest);
  return new Map(
    manifests
      .map((manifest): [string, Manifest] => [idOf(manifest), manifest])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
