/** The components as a Pulumi plugin: a provider that creates an EgressAlias for a program in any language. */
import {
  InputPropertiesError,
  RunError,
  type ComponentResourceOptions,
  type Inputs,
} from "@pulumi/pulumi";
import { main, type ConstructResult, type Provider } from "@pulumi/pulumi/provider/index.js";
import common from "../../packages/common.json";
import { EgressAlias, type EgressAliasArgs } from "../egressAlias.js";
import { TOKENS } from "../resources/tokens.js";
import schema from "./schema.json";

/** What {@link main} serves. */
export const provider: Provider = {
  version: common.version,
  getSchema: () => Promise.resolve(JSON.stringify({ ...schema, version: common.version })),
  construct,
};

/** Creates the component for another language's program. */
async function construct(
  name: string,
  type: string,
  inputs: Inputs,
  options: ComponentResourceOptions,
): Promise<ConstructResult> {
  if (type !== TOKENS.EgressAlias) throw new Error(`istio-egress has no resource ${type}`);
  try {
    const { urn, host, clusterIP } = new EgressAlias(name, inputs as EgressAliasArgs, options);
    return await Promise.resolve({ urn, state: { host, clusterIP } });
  } catch (error) {
    if (!RunError.isInstance(error)) throw error;
    // The engine prints it as it is, without the stack trace of this process.
    throw new InputPropertiesError({ message: error.message, errors: [] });
  }
}

/** Serves the engine that started this process. */
export function serve(): Promise<void> {
  return main(provider, process.argv.slice(2));
}
