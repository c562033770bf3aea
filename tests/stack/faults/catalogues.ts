/** Two catalogues of eight aliases, between which nearly everything changes. */
import { type TestCatalogue, catalogueOf } from "../testStack.js";

const byName = (name: string, target: string, mode: "DISABLE" | "SIMPLE") => ({
  name,
  externalName: `${target}.example.com`,
  ports: [{ name: "http", port: 80, ...(mode === "SIMPLE" && { targetPort: 443 }) }],
  tls: { mode },
});

const byAddress = (name: string, ...addresses: string[]) => ({
  name,
  addresses,
  ports: [{ name: "tls", port: 443 }],
  tls: { mode: "DISABLE" },
});

function catalogue(aliases: TestCatalogue["aliases"]): TestCatalogue {
  return { ...catalogueOf("dev"), aliases };
}

export const BEFORE = catalogue([
  byName("stays", "stays", "DISABLE"),
  byName("encrypts", "encrypts", "DISABLE"),
  byName("moves", "here", "SIMPLE"),
  byName("goes", "goes", "SIMPLE"),
  byAddress("stays-there", "192.0.2.1"),
  byAddress("grows", "192.0.2.2"),
  byAddress("shrinks", "192.0.2.3", "192.0.2.4"),
  byAddress("goes-there", "192.0.2.5"),
]);

export const AFTER = catalogue([
  byName("stays", "stays", "DISABLE"),
  byName("encrypts", "encrypts", "SIMPLE"),
  byName("moves", "elsewhere", "SIMPLE"),
  byName("comes", "comes", "DISABLE"),
  byAddress("stays-there", "192.0.2.1"),
  byAddress("grows", "192.0.2.2", "192.0.2.6"),
  byAddress("shrinks", "192.0.2.3"),
  byAddress("comes-there", "192.0.2.7"),
]);
