import { z } from "zod";
import { DEFAULT_FACTS, type MeshFacts } from "../mesh/index.js";
import { meshOfCatalogue, type ResolvedSettings, SettingsError } from "./settings.js";
import type { StackConfiguration } from "./engine-requests.js";

/** Where a stack's catalogue stands in its configuration. */
export const CATALOGUE = "istio-egress:catalogue";

/** The part of a catalogue that the pack reads; the program reads and checks all of it. */
const catalogue = z.object({ mesh: meshOfCatalogue.default({}) });

/**
 * The mesh facts that a stack's catalogue states, completed as its program completes them.
 *
 * @returns undefined if the stack has no catalogue
 * @throws SettingsError with one line for each fact that can't be read
 */
export function catalogueFacts(configuration: StackConfiguration): MeshFacts | undefined {
  const text = configuration.get(CATALOGUE);
  if (text === undefined) return undefined;
  const result = catalogue.safeParse(parsed(text));
  if (result.success) return { ...DEFAULT_FACTS, ...result.data.mesh };
  const lines = result.error.issues.map(
    ({ path, message }) => `  ${[CATALOGUE, ...path.map(String)].join(".")}: ${message}`,
  );
  throw new SettingsError(`The stack's mesh facts can't be used:\n${lines.join("\n")}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/**
 * The settings with what the stack's catalogue states of the mesh. Its program is made by those
 * facts, so a setting may repeat one, and say what the catalogue can't, but not say otherwise;
 * ranges and hosts of both count.
 *
 * @throws SettingsError with one line for each fact that is stated otherwise
 */
export function underCatalogue(
  settings: ResolvedSettings,
  configuration: StackConfiguration,
): ResolvedSettings {
  const facts = catalogueFacts(configuration);
  if (!facts) return settings;
  const { clusterCidrs, externalHosts, ...stated } = facts;
  const lines = Object.entries(settings.mesh).flatMap(([name, value]) => {
    const other = stated[name as keyof typeof stated];
    return isSame(value, other)
      ? []
      : [
          `  mesh.${name}: ${shown(value)} here, ${shown(other)} by ${CATALOGUE}; write it there alone`,
        ];
  });
  if (lines.length > 0) {
    throw new SettingsError(`The settings of egress-settings can't be used:\n${lines.join("\n")}`);
  }
  return {
    ...settings,
    mesh: stated,
    clusterCidrs: joined(settings.clusterCidrs, clusterCidrs),
    externalHosts: joined(settings.externalHosts, externalHosts),
  };
}

/** Lists are sets of names here. */
function isSame(a: unknown, b: unknown): boolean {
  const inOrder = (value: unknown): unknown => (Array.isArray(value) ? value.toSorted() : value);
  return JSON.stringify(inOrder(a)) === JSON.stringify(inOrder(b));
}

function shown(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}

function joined(a: readonly string[], b: readonly string[]): string[] {
  return [...new Set([...a, ...b])];
}
