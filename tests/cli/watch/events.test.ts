import assert from "node:assert/strict";
import type { ApiServer } from "../../../cli/kube/api-server.js";
import { EventWriter } from "../../../cli/watch/events.js";
import { Findings, type WatchFinding } from "../../../cli/watch/findings.js";
import { judge, type KubeObject, readMesh } from "../../../mesh/index.js";
import { eventually } from "../../local/eventually.js";
import { endpoints, HTTPS, IM, namespaces, rule, service } from "../../mesh/objects.js";

interface Event {
  body: { reason: string; involvedObject: { name: string; uid: string }; message: string };
}

/** The findings of a mesh where one rule breaks so many aliases. */
function findingsOf(aliases: number): WatchFinding[] {
  const objects: KubeObject[] = Array.from({ length: aliases }, (_, index) => [
    service("shop", `a${index}`, { ports: [HTTPS] }),
    endpoints("shop", `a${index}`),
  ]).flat();
  const all = [...namespaces("shop"), ...objects, rule("shop", "all", { host: "*.local", ...IM })];
  const verdicts = judge(readMesh(all, {})).filter(({ verdict }) => verdict === "violation");
  const findings = new Findings();
  const hosts = [...new Set(verdicts.map(({ host }) => host))];
  return findings.update(
    hosts.map((host) => ({
      host,
      answers: 1,
      findings: verdicts.filter((verdict) => verdict.host === host),
    })),
  ).came;
}

describe("the Events of a watch", () => {
  const written: Event["body"][] = [];
  const api = {
    createNamespacedEvent: ({ body }: Event) => Promise.resolve(void written.push(body)),
  };
  const server = { config: { makeApiClient: () => api } } as unknown as ApiServer;
  let events: EventWriter;
  beforeEach(() => {
    written.length = 0;
    events = new EventWriter(
      server,
      () => "the-uid",
      (why) => assert.fail(why),
    );
  });
  const reasons = async (count: number) => {
    await eventually(() => Promise.resolve(written.length >= count || undefined));
    return written.map(({ reason }) => reason);
  };

  it("are about the rule, and say what it breaks and when it is over", async () => {
    const [finding] = findingsOf(1);
    events.write(finding!, false);
    events.write(finding!, true);
    assert.deepEqual(await reasons(2), ["EgressTlsViolation", "EgressTlsResolved"]);
    const { kind, namespace, name, uid } = written[0]!.involvedObject as Record<string, string>;
    assert.deepEqual([kind, namespace, name, uid], ["DestinationRule", "shop", "all", "the-uid"]);
    assert.match(written[0]!.message, /^shop\/a0 .*Istio's mutual TLS/);
  });

  it("are ten for a rule that breaks more aliases, and as many when it is over", async () => {
    const findings = findingsOf(30);
    assert.equal(findings.length, 30);
    for (const finding of findings) events.write(finding, false);
    for (const finding of findings) events.write(finding, true);
    assert.deepEqual(await reasons(20), [
      ...Array<string>(10).fill("EgressTlsViolation"),
      ...Array<string>(10).fill("EgressTlsResolved"),
    ]);
    // What comes after that is written again.
    events.write(findings[0]!, false);
    assert.equal((await reasons(21)).at(-1), "EgressTlsViolation");
  });
});
