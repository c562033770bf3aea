/** The building blocks of egress under in-cluster names, for any Pulumi program. */
export * from "../catalogue/catalogue.js";
export * from "./egressAlias.js";
export * from "./egressGuard.js";
export * from "./egressTlsRule.js";
export * from "./externalService.js";
export * from "./injectedNamespace.js";
export * from "./alias/location.js";
export * from "./alias/tlsIntent.js";
export * from "../catalogue/ports.js";
export * from "./resources/tokens.js";
export * from "./resources/transform.js";
export * from "./withoutIstioNamespace.js";
