import { EgressPolicyPack } from "./pack.js";

// The SDK reads the pack's version from the working directory, which is the program's own.
process.chdir(__dirname);

new EgressPolicyPack();
