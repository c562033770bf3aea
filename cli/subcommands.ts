import type { Command } from "commander";

/** One subcommand: a file of its own, which exports `command(): Command`. */
export interface Subcommand {
  summary: string;
  /** Loads the subcommand's own file only when it is used: most of them bring big libraries. */
  load: () => Promise<{ command(): Command }>;
  /** It reads and writes text only, so that a signal may end it anywhere. */
  leavesNothing?: boolean;
}

export type Subcommands = Readonly<Record<string, Subcommand>>;

/** What works anywhere: the published command has these. */
export const ANYWHERE: Subcommands = {
  judge: {
    summary: "say what TLS each client will use towards each external alias, and what is wrong",
    load: () => import("./judge.js"),
    leavesNothing: true,
  },
  posture: {
    summary: "show all effective TLS of a stack or of YAML, and what a change does to it",
    load: () => import("./posture.js"),
    leavesNothing: true,
  },
  import: {
    summary: "write the catalogue of what was applied without one, to be taken over",
    load: () => import("./import.js"),
  },
  upgrade: {
    summary: "say what another version of Istio changes for each alias, and what to write before",
    load: () => import("./upgrade.js"),
    leavesNothing: true,
  },
  "pr-report": {
    summary: "preview every stack with the policy pack and write what a pull request should say",
    load: () => import("./pr-report.js"),
  },
};
