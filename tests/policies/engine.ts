import type { EnforcementLevel } from "@pulumi/policy";
import type { EngineRequests, StackConfiguration } from "../../policies/engine-requests.js";

/** What an engine tells a pack; a policy's properties go with its level. */
export function told({
  stack = new Map(),
  levels = {},
  properties = {},
  secrets = [],
}: {
  stack?: StackConfiguration;
  levels?: Record<string, EnforcementLevel>;
  properties?: Record<string, Record<string, unknown>>;
  secrets?: string[];
}): EngineRequests {
  const pack = Object.entries(levels).map(
    ([name, level]) => [name, { level, properties: properties[name] ?? {} }] as const,
  );
  return { stack, pack: new Map(pack), secrets: new Set(secrets) };
}
