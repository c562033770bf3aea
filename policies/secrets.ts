import { kubeType } from "./tokens.js";

/** What the engine marks a secret with: the value of the key that marks special values. */
export const SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270";
const SPECIAL_KEY = "4dabf18193072939515e22adb298388d";

/** Kinds of which nothing is ever repeated. */
const NEVER_REPEATED = new Set(["Secret", "ConfigMap"]);

/**
 * Hosts, addresses and names that a resource's properties, as the engine sends them, mark as secret.
 * Other texts of a secret (a mode, a port's name) are words that are no secret elsewhere either.
 */
export function secretsIn(type: string, properties: unknown): string[] {
  const { apiVersion, kind } = (properties ?? {}) as Record<string, unknown>;
  const seen = kubeType(type, { apiVersion, kind });
  return !seen || NEVER_REPEATED.has(seen.kind) ? [] : textsIn(properties, "", false);
}

function textsIn(value: unknown, key: string, isSecret: boolean): string[] {
  if (typeof value === "string") return isSecret && namesSomething(key, value) ? [value] : [];
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((item) => textsIn(item, key, isSecret));
  if (SPECIAL_KEY in value) {
    const { [SPECIAL_KEY]: signature, value: inside } = value as Record<string, unknown>;
    return textsIn(inside, key, isSecret || signature === SECRET_SIGNATURE);
  }
  return Object.entries(value).flatMap(([name, field]) =>
    textsIn(field, key === "metadata" ? `metadata.${name}` : name, isSecret),
  );
}

const NAMING = new Set(
  "host hosts externalName ip address addresses sni subjectAltNames namespace metadata.name metadata.namespace".split(
    " ",
  ),
);

function namesSomething(key: string, text: string): boolean {
  return text !== "" && (NAMING.has(key) || /[.:]/.test(text));
}

/** A message in which no secret is: neither as it is, nor as it is written elsewhere. */
export function withoutSecrets(message: string, secrets: ReadonlySet<string>): string {
  return [...secrets]
    .flatMap((secret) => [secret, secret.replace(/\.$/, ""), secret.toLowerCase()])
    .sort((a, b) => b.length - a.length)
    .reduce((text, secret) => text.replace(whole(secret), "[secret]"), message);
}

/** A text where it isn't a part of a longer word. */
function whole(text: string): RegExp {
  const escaped = text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`(?<![A-Za-z0-9-])${escaped}(?![A-Za-z0-9-])`, "g");
}
