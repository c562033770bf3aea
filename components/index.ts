/** The building blocks of egress under in-cluster names, for any Pulumi program. */
export * from "./catalogue.js";
export * from "./egressTlsRule.js";
export * from "./externalService.js";
export * from "./injectedNamespace.js";
export * from "./location.js";
export * from "./ports.js";
export * from "./sleepDeployment.js";
export * from "./stackCatalogue.js";
export * from "./stackOptions.js";
export * from "./stackProvider.js";
export * from "./tokens.js";
export * from "./transform.js";
export * from "./withoutIstioNamespace.js";
