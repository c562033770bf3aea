/** The generations of istiod that the model is compared with, and how each is brought up. */
import type { Binary } from "../../local/toolchain/parts.js";
import { hasAliasSwitch, type MeshFacts } from "../../mesh/index.js";

/** One generation: what `--istio` takes, and what the model is told. */
export interface Generation {
  /** A minor version of Istio. */
  version: string;
  /** The part of the toolchain, and its program. */
  part: string;
  binary: Binary;
  /**
   * Of that istiod, the compatibility profile with which it runs as an older version does; absent:
   * it runs in its own ways.
   */
  profile?: string;
  /** What else its environment says. */
  env?: Readonly<Record<string, string>>;
  facts: Pick<MeshFacts, "istioVersion" | "externalNameAlias">;
}

/** The newest, on which everything else is tested. */
export const NEWEST: Generation = {
  version: "1.31",
  part: "oracle",
  binary: "istiod-oracle",
  facts: { istioVersion: "1.31" },
};

/** istiod of February 2024, after 1.21 was cut and before 1.22 was. */
const OF_1_22 = { part: "oracle-1.22", binary: "istiod-oracle-1.22" } as const;

/** istiod of April 2026, ten days after 1.30 was cut. */
const OF_1_30 = { part: "oracle-1.30", binary: "istiod-oracle-1.30" } as const;

/** Oldest first. */
export const GENERATIONS: readonly Generation[] = [
  {
    ...OF_1_22,
    version: "1.20",
    profile: "1.20",
    // Of what 1.20 does otherwise, the profile brings back the switches and no more.
    facts: { istioVersion: "1.22-alpha", externalNameAlias: false },
  },
  { ...OF_1_22, version: "1.22", facts: { istioVersion: "1.22-alpha" } },
  ...["1.25", "1.26", "1.27", "1.28", "1.29"].map((version) => ({
    ...OF_1_30,
    version,
    profile: version,
    facts: { istioVersion: version },
  })),
  { ...OF_1_30, version: "1.30", facts: { istioVersion: "1.30" } },
  NEWEST,
];

/**
 * The generation that a person names. With `ISTIOD_ORACLE` any version may be named: that program is
 * taken to be of it.
 * @throws {Error} if there is none
 */
export function generationOf(version: string): Generation {
  const known = GENERATIONS.find((one) => one.version === version);
  if (known && !ownProgram()) return known;
  if (ownProgram()) return { ...NEWEST, version, facts: { istioVersion: version } };
  const names = GENERATIONS.map((one) => one.version).join(", ");
  throw new Error(
    `there is no istiod of Istio ${version} to compare with; write one of ${names}, ` +
      `or name a program of that version with ISTIOD_ORACLE`,
  );
}

/**
 * A generation with the switch for aliases thrown, whatever its default is.
 * @throws {Error} if that Istio has no such switch
 */
export function withAliases(generation: Generation, externalNameAlias: boolean): Generation {
  if (!hasAliasSwitch(generation.facts)) {
    throw new Error(
      `Istio ${generation.version} has no switch for aliases: ${ALIAS_SWITCH} came with 1.20 and went with 1.24; ` +
        "leave --external-name-alias out, or write --istio 1.22",
    );
  }
  return {
    ...generation,
    env: { [ALIAS_SWITCH]: String(externalNameAlias) },
    facts: { ...generation.facts, externalNameAlias },
  };
}

const ALIAS_SWITCH = "ENABLE_EXTERNAL_NAME_ALIAS";

/** The program that `ISTIOD_ORACLE` names. */
export function ownProgram(): string | undefined {
  const { ISTIOD_ORACLE: file } = process.env;
  return file === "" ? undefined : file;
}
