import { z } from "zod";
import { runPulumi, type StackEngine } from "./engine.js";
import { catalogueFacts } from "../../policies/stack-facts.js";
import { SettingsError } from "../../policies/settings.js";

/** What `pulumi stack history --json` says of an update, as far as it matters here. */
const updates = z.array(
  z.object({
    kind: z.string(),
    result: z.string(),
    config: z.record(z.string(), z.object({ value: z.string().optional() })).optional(),
  }),
);

/** So many of the last updates are looked at: previews, refreshes and failures say nothing. */
const MOST_UPDATES = 20;

/**
 * The version of Istio that a stack's catalogue stated when it was last updated; undefined where no update is
 * known, or it had no catalogue that can be read.
 */
export async function deployedIstioVersion(
  on: StackEngine,
  stack: string,
): Promise<string | undefined> {
  const page = ["--page-size", String(MOST_UPDATES)];
  const args = ["stack", "history", "-s", stack, "--json", "--full-dates", ...page];
  const { exitCode, stdout } = await runPulumi(on, args);
  return exitCode === 0 ? versionInHistory(stdout) : undefined;
}

/** The version that the last successful update in a history was made for. */
export function versionInHistory(json: string): string | undefined {
  const { data = [] } = updates.safeParse(parsed(json));
  const last = data.find(({ kind, result }) => kind === "update" && result === "succeeded");
  const values = Object.entries(last?.config ?? {}).flatMap(
    ([key, { value }]): [string, string][] => (value === undefined ? [] : [[key, value]]),
  );
  try {
    return catalogueFacts(new Map(values))?.istioVersion;
  } catch (error) {
    // What an older program could read needn't be readable now.
    if (error instanceof SettingsError) return undefined;
    throw error;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
