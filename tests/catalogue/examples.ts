/** Catalogue entries without a mistake, and what is told of one with. */
import assert from "node:assert/strict";
import { CatalogueError, parseCatalogue } from "../../catalogue/catalogue.js";

export const httpbin = {
  name: "my-httpbin",
  externalName: "httpbin.org",
  ports: [{ name: "http", port: 80 }],
  tls: { mode: "DISABLE" },
};
export const wikipedia = {
  name: "my-wikipedia",
  addresses: ["91.198.174.192", "198.35.26.96"],
  ports: [{ name: "tls", port: 443 }],
  tls: { mode: "DISABLE" },
};
export const originating = { ...httpbin, ports: [{ name: "http", port: 80, targetPort: 443 }] };

/** The mistakes of a catalogue: key below the catalogue, and message. A list that isn't given is empty. */
export function mistakes(value: unknown): [key: string, message: string][] {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  try {
    parseCatalogue(isObject ? { clients: [], aliases: [], ...value } : value, "Pulumi.dev.yaml");
  } catch (error) {
    assert.ok(error instanceof CatalogueError, String(error));
    return error.issues.map(({ key, message }) => [
      key.replace(/^istio-egress:catalogue\.?/, ""),
      message,
    ]);
  }
  return [];
}
