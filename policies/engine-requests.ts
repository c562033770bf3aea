import type { EnforcementLevel } from "@pulumi/policy";
import { AnalyzerService } from "@pulumi/pulumi/proto/analyzer_grpc_pb.js";
import { SECRET_SIGNATURE, secretsIn } from "./secrets.js";

/** A stack's configuration by full key (`project:key`); what isn't text is JSON, as in the engine. */
export type StackConfiguration = ReadonlyMap<string, string>;

/** How the policies of this pack are configured in the end, by name. */
export type PackConfiguration = ReadonlyMap<string, PolicyConfiguration>;

export interface PolicyConfiguration {
  level: EnforcementLevel;
  /** As in a configuration file, also where the policy is disabled. */
  properties: Record<string, unknown>;
}

/** What the engine has sent this pack. The SDK hands less of it on. */
export interface EngineRequests {
  /** Empty until the engine has said it, once, when it has started the pack. */
  stack: StackConfiguration;
  /** Empty until then too. */
  pack: PackConfiguration;
  /** What must not be repeated of the objects that were judged so far. */
  secrets: ReadonlySet<string>;
}

const secrets = new Set<string>();
const received: EngineRequests = { stack: new Map(), pack: new Map(), secrets };

/** What the engine has sent this pack so far. */
export function engineRequests(): EngineRequests {
  return received;
}

// The SDK keeps the stack's tags of the first message and nothing else of it, lets each policy see its
// own part of the second, and takes secrets for plain text in the others; so they are read here too.
const { configureStack, configure, analyze, analyzeStack, remediate } = AnalyzerService;

configureStack.requestDeserialize = alsoRead(configureStack.requestDeserialize, (request) => {
  received.stack = new Map(request.getConfigMap().getEntryList());
});

configure.requestDeserialize = alsoRead(configure.requestDeserialize, (request) => {
  const policies = new Map<string, PolicyConfiguration>();
  request.getPolicyconfigMap().forEach((configured, name) => {
    policies.set(name, {
      level: LEVELS[configured.getEnforcementlevel()] ?? "mandatory",
      properties: configured.getProperties()?.toJavaScript() ?? {},
    });
  });
  received.pack = policies;
});

analyze.requestDeserialize = alsoRead(analyze.requestDeserialize, keepSecrets);
remediate.requestDeserialize = alsoRead(remediate.requestDeserialize, keepSecrets);
analyzeStack.requestDeserialize = alsoRead(analyzeStack.requestDeserialize, (request, bytes) => {
  if (mayHoldSecrets(bytes)) request.getResourcesList().forEach((one) => keepSecrets(one, bytes));
});

function keepSecrets(
  request: {
    getType: () => string;
    getProperties: () => { toJavaScript: () => unknown } | undefined;
  },
  bytes: Buffer,
): void {
  if (!mayHoldSecrets(bytes)) return;
  const properties = request.getProperties()?.toJavaScript();
  for (const text of secretsIn(request.getType(), properties)) secrets.add(text);
}

function mayHoldSecrets(bytes: Buffer): boolean {
  return bytes.includes(SECRET_SIGNATURE);
}

/** By their numbers in the protocol. */
const LEVELS: readonly EnforcementLevel[] = ["advisory", "mandatory", "disabled", "remediate"];

function alsoRead<T>(
  deserialize: (bytes: Buffer) => T,
  read: (message: T, bytes: Buffer) => void,
): (bytes: Buffer) => T {
  return (bytes) => {
    const message = deserialize(bytes);
    read(message, bytes);
    return message;
  };
}
