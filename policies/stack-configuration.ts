import { AnalyzerService } from "@pulumi/pulumi/proto/analyzer_grpc_pb.js";

/** A stack's configuration by full key (`project:key`); what isn't text is JSON, as in the engine. */
export type StackConfiguration = ReadonlyMap<string, string>;

let told: StackConfiguration = new Map();

/**
 * The configuration of the stack that the engine has this pack judge. The engine says it once, when
 * it has started the pack; empty until then.
 */
export function stackConfiguration(): StackConfiguration {
  return told;
}

// The SDK keeps the stack's tags of that message and nothing else of it, so it is read here as well.
const { configureStack } = AnalyzerService;
const deserialize = configureStack.requestDeserialize;
configureStack.requestDeserialize = (bytes) => {
  const request = deserialize(bytes);
  told = new Map(request.getConfigMap().getEntryList());
  return request;
};
