/** A test bench for policy packs. See README.md beside this file. */
export * from "./mocha.js";
export * from "./resources.js";
export * from "./run.js";
export * from "./sdk.js";
