import type { Catalogue, CatalogueAlias } from "../../catalogue/catalogue.js";
import { type Addresses, type Answer, familyOf, type Family } from "./resolve.js";
import type { DriftRow } from "./row.js";

/** A name to query, and what the catalogue says of it. */
export interface NameQuestion {
  /** Of the alias in the catalogue's list. */
  index: number;
  /** `default/my-wikipedia`. */
  subject: string;
  name: string;
  /** The addresses that it must have; undefined where any will do. */
  declared: string[] | undefined;
  /** The families in which addresses are declared: others are none of the alias's. */
  families: Family[];
}

/** The names to query, in the order of the catalogue: external names, and names beside addresses. */
export function nameQuestions({ aliases }: Catalogue): NameQuestion[] {
  return aliases.flatMap((alias, index): NameQuestion[] => {
    const { externalName, addresses } = alias;
    const subject = aliasText(alias);
    if (externalName !== undefined) {
      if (alias.location === "inside") return [];
      return [{ index, subject, name: externalName, declared: undefined, families: [4, 6] }];
    }
    if (alias.resolves === undefined) return [];
    const families = [...new Set(addresses.map(familyOf))].sort();
    return [{ index, subject, name: alias.resolves, declared: addresses, families }];
  });
}

/** `namespace/name`. */
export function aliasText({ namespace, name }: CatalogueAlias): string {
  return `${namespace}/${name}`;
}

/** Says which aliases have addresses and no name to compare them with. */
export function notComparedNote({ aliases }: Catalogue): string[] {
  const without = aliases.filter(
    (alias) => alias.addresses !== undefined && alias.resolves === undefined,
  );
  if (without.length === 0) return [];
  const names = without.map(aliasText).join(", ");
  return [
    `The addresses of ${names} are compared with nothing: write resolves, the name that they are of.`,
  ];
}

/** How declared addresses differ from those that a name has. */
export interface AddressChange {
  /** Declared, and not answered. */
  gone: string[];
  /** Answered, and not declared. */
  undeclared: string[];
}

export function addressChange(
  declared: readonly string[],
  { addresses }: Addresses,
): AddressChange {
  return {
    gone: declared.filter((address) => !addresses.includes(address)),
    undeclared: addresses.filter((address) => !declared.includes(address)),
  };
}

/** The declared addresses after a change: those that stay in their order, then the new ones. */
export function changedAddresses(
  declared: readonly string[],
  { gone, undeclared }: AddressChange,
): string[] {
  return [...declared.filter((address) => !gone.includes(address)), ...undeclared];
}

/** Below this, in seconds, an answer is made to change. */
const SHORT_TTL = 300;

/** The row of one name. */
export function addressRow({ subject, name, declared }: NameQuestion, answer: Answer): DriftRow {
  const common = {
    subject,
    about: "addresses" as const,
    declared: declared === undefined ? name : `${declared.join(", ")} (${name})`,
  };
  if ("failure" in answer) {
    return { ...common, found: `${name}: ${answer.failure}`, state: "unknown" };
  }
  if (answer.addresses.length === 0) {
    return { ...common, found: `${name} has no ${familyText(declared)}address`, state: "drift" };
  }
  if (declared === undefined) return { ...common, found: answer.addresses.join(", "), state: "ok" };
  const { gone, undeclared } = addressChange(declared, answer);
  const changes = [
    ...(gone.length > 0 ? [`not answered: ${gone.join(", ")}`] : []),
    ...(undeclared.length > 0 ? [`not declared: ${undeclared.join(", ")}`] : []),
  ];
  if (changes.length === 0) return { ...common, found: answer.addresses.join(", "), state: "ok" };
  return { ...common, found: `${changes.join("; ")} (${ttlText(answer)})`, state: "drift" };
}

function familyText(declared: readonly string[] | undefined): string {
  const families = new Set(declared?.map(familyOf));
  return families.size === 1 ? `IPv${[...families][0]} ` : "";
}

function ttlText({ ttl = 0, queries }: Addresses): string {
  const times = queries === 1 ? "" : `, queried ${queries} times`;
  const hint = ttl < SHORT_TTL && queries === 1 ? ", so answers may rotate: try --for" : "";
  return `TTL ${ttl} s${times}${hint}`;
}
