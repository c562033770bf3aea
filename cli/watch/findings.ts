import { type HostVerdicts, type Verdict, objectText } from "../../mesh/index.js";

/** Answers about one alias that differ in nothing but the client. */
export interface WatchFinding {
  /** What no other finding has, as long as it stands. */
  key: string;
  /** One of them. */
  verdict: Verdict;
  /** How many there are. */
  answers: number;
}

/** What came and what went. */
export interface FindingChanges {
  came: WatchFinding[];
  went: WatchFinding[];
}

/** What is wrong in a mesh now, alias by alias, to know what is new. */
export class Findings {
  private readonly byHost = new Map<string, Map<string, WatchFinding>>();

  /** Takes in what is known of some aliases now. */
  update(hosts: readonly HostVerdicts[]): FindingChanges {
    const changes: FindingChanges = { came: [], went: [] };
    for (const { host, findings } of hosts) {
      const before = this.byHost.get(host) ?? new Map<string, WatchFinding>();
      const now = grouped(findings);
      if (now.size === 0) this.byHost.delete(host);
      else this.byHost.set(host, now);
      for (const [key, finding] of now) if (!before.has(key)) changes.came.push(finding);
      for (const [key, finding] of before) if (!now.has(key)) changes.went.push(finding);
    }
    return changes;
  }

  /** Drops what is known of aliases that there aren't any more. */
  keepOnly(isAlias: (host: string) => boolean): FindingChanges {
    const gone = [...this.byHost.keys()].filter((host) => !isAlias(host));
    return this.update(gone.map((host) => ({ host, answers: 0, findings: [] })));
  }

  *[Symbol.iterator](): IterableIterator<WatchFinding> {
    for (const findings of this.byHost.values()) yield* findings.values();
  }
}

function grouped(findings: readonly Verdict[]): Map<string, WatchFinding> {
  const groups = new Map<string, WatchFinding>();
  for (const verdict of findings) {
    const { alias, host, port, subset, kind, tls, rule, revision } = verdict;
    const decided = rule && objectText(rule);
    const parts = [
      objectText(alias),
      host,
      port,
      subset,
      verdict.verdict,
      kind,
      tls,
      decided,
      revision,
    ];
    const key = parts.join("|");
    const known = groups.get(key);
    if (known) known.answers++;
    else groups.set(key, { key, verdict, answers: 1 });
  }
  return groups;
}
