import { createHash } from "node:crypto";
import type { CoreV1Api } from "@kubernetes/client-node";
import type { ApiServer } from "../kube/api-server.js";
import { type ObjectRef, refText, summarize, type Verdict } from "../../mesh/index.js";
import type { WatchFinding } from "./findings.js";

const COMPONENT = "istio-egress";
/** What Kubernetes takes of an Event's message. */
const LONGEST = 1024;
/** Events that stand for one rule: a rule for every host would fill the cluster's store with them. */
const MOST = 10;

/** Writes a Kubernetes Event on the DestinationRule that a violation comes from, one at a time. */
export class EventWriter {
  private api: CoreV1Api | undefined;
  private last: Promise<void> = Promise.resolve();
  /** By rule, the findings that an Event was written for. */
  private readonly standing = new Map<string, Set<string>>();

  /**
   * @param uidOf the identity of a rule that is there
   * @param failed called when an Event can't be written; the watch goes on
   */
  constructor(
    private readonly server: ApiServer,
    private readonly uidOf: (rule: ObjectRef) => string | undefined,
    private readonly failed: (why: Error) => void,
  ) {}

  /** Says of a finding's rule that it came, or went. */
  write({ verdict, key }: WatchFinding, isGone: boolean): void {
    const { rule } = verdict;
    if (!rule || verdict.verdict !== "violation") return;
    if (!this.isWritten(refText(rule), key, isGone)) return;
    const uid = this.uidOf(rule);
    if (uid === undefined) return;
    this.last = this.last.then(() =>
      this.create(verdict, rule, uid, key, isGone).catch(this.failed),
    );
  }

  /** The first few of a rule are, and what becomes of those. */
  private isWritten(rule: string, key: string, isGone: boolean): boolean {
    const standing = this.standing.get(rule) ?? new Set<string>();
    if (isGone) {
      const wasWritten = standing.delete(key);
      if (standing.size === 0) this.standing.delete(rule);
      return wasWritten;
    }
    if (standing.size >= MOST) return false;
    this.standing.set(rule, standing.add(key));
    return true;
  }

  private async create(
    verdict: Verdict,
    rule: ObjectRef,
    uid: string,
    key: string,
    isGone: boolean,
  ): Promise<void> {
    const now = new Date();
    const hash = createHash("sha256")
      .update(`${key}${now.toISOString()}`)
      .digest("hex")
      .slice(0, 16);
    const alias = refText(verdict.alias);
    await (
      await this.client()
    ).createNamespacedEvent({
      namespace: rule.namespace,
      body: {
        metadata: { name: `${rule.name.slice(0, 200)}.${hash}`, namespace: rule.namespace },
        involvedObject: {
          apiVersion: "networking.istio.io/v1",
          kind: rule.kind,
          namespace: rule.namespace,
          name: rule.name,
          uid,
        },
        type: isGone ? "Normal" : "Warning",
        reason: isGone ? "EgressTlsResolved" : "EgressTlsViolation",
        message: isGone
          ? `Sends no Istio mutual TLS to ${alias} any more.`
          : summarize(verdict).slice(0, LONGEST),
        source: { component: COMPONENT },
        reportingComponent: COMPONENT,
        firstTimestamp: now,
        lastTimestamp: now,
        count: 1,
      },
    });
  }

  private async client(): Promise<CoreV1Api> {
    if (!this.api) {
      const { CoreV1Api } = await import("@kubernetes/client-node");
      this.api = this.server.config.makeApiClient(CoreV1Api);
    }
    return this.api;
  }
}
