import assert from "node:assert/strict";
import { Chalk } from "chalk";
import { judgementTable } from "../../../cli/format/table.js";
import type { Judgement } from "../../../cli/judgement.js";
import { explain } from "../../../mesh/index.js";
import { HTTPBIN, judgement, ref, verdict } from "./sample.js";

const RULE = ref("DestinationRule", "shop/mesh-mtls");
const VIOLATION = { verdict: "violation", kind: "live", tls: "ISTIO_MUTUAL", rule: RULE } as const;

/** The table, and what stands below it, part by part. */
function partsOf(more: Partial<Judgement>): { table: string[]; below: string[] } {
  const text = judgementTable(judgement(more), new Chalk({ level: 0 }));
  const [table = "", ...below] = text.trimEnd().split("\n\n");
  return { table: table.split("\n"), below };
}

describe("the table of a judgement", () => {
  it("begins with what is worst and gathers the clients that get the same answer", () => {
    const { table } = partsOf({
      verdicts: [
        verdict(0),
        verdict(1),
        verdict(2, VIOLATION),
        verdict(0, { verdict: "undecided", tls: undefined, port: 80, reason: "order" }),
        verdict(0, { ...VIOLATION, kind: "declared", tls: undefined, port: 8080, subset: "v2" }),
      ],
    });
    assert.deepEqual(table, [
      "verdict     alias → target           client                    port     TLS           rule",
      "violation   default/my-wikipedia →   shop                      443      ISTIO_MUTUAL  shop/mesh-mtls",
      "            198.35.26.96",
      "violation   default/my-wikipedia →   default:app=web           8080/v2  no cluster    shop/mesh-mtls",
      "(declared)  198.35.26.96",
      "undecided   default/my-wikipedia →   default:app=web           80       ?             -",
      "            198.35.26.96",
      "ok          default/my-wikipedia →   default:app=web,          443      PLAIN         -",
      "            198.35.26.96             istio-system (gateway)",
    ]);
  });

  it("leaves out that an ExternalName has no cluster where its target has one", () => {
    const httpbin = { alias: HTTPBIN, target: "httpbin.org", port: 80 };
    const alone = verdict(0, { ...httpbin, host: "my-httpbin.default.svc", tls: undefined });
    const target = verdict(0, { ...httpbin, host: "httpbin.org", tls: "SIMPLE" });
    const unregistered = verdict(0, { ...target, port: 0, tls: undefined });
    const tls = (verdicts: Judgement["verdicts"]) =>
      partsOf({ verdicts })
        .table.slice(1)
        .map((line) => /SIMPLE|no cluster/.exec(line)?.[0]);
    assert.deepEqual(tls([alone, target]), ["SIMPLE"]);
    assert.deepEqual(tls([alone, unregistered]), ["no cluster"]);
  });

  it("says once what to do about findings that one change puts right", () => {
    const { below } = partsOf({
      verdicts: [verdict(2, VIOLATION), verdict(2, { ...VIOLATION, port: 80 })],
    });
    const { summary, fix } = explain(verdict(2, VIOLATION));
    const advice = below.slice(0, -1).join("\n\n").replace(/\s+/g, " ");
    assert.ok(advice.includes(summary.replace(/\s+/g, " ")), advice);
    const firstWords = fix.split(/\s+/).slice(0, 5).join(" ");
    assert.equal(advice.split(firstWords).length - 1, 1, advice);
  });

  it("reports rules that nobody follows or that others hide, and for whom", () => {
    const alias = verdict(0).alias;
    const by = ref("DestinationRule", "shop/other");
    const { below } = partsOf({
      inert: [
        { rule: RULE, host: "my-wikipedia.default", reason: "dead-host", instead: "Write more." },
      ],
      shadowed: [
        { rule: RULE, by, alias, host: "*.local", client: { namespace: "a" } },
        { rule: RULE, by, alias, host: "*.local", client: { namespace: "b" } },
      ],
    });
    assert.deepEqual(below.slice(0, 1), [
      "note: DestinationRule shop/mesh-mtls is hidden by shop/other for default/my-wikipedia, for clients\nin a, b.",
    ]);
  });

  it("reports what isn't modelled", () => {
    const object = ref("EnvoyFilter", "shop/tls");
    const { below } = partsOf({ verdicts: [verdict(0)], unmodelled: [{ object, why: "it may" }] });
    assert.equal(below[0], "note: EnvoyFilter shop/tls isn't modelled: it may.");
  });

  it("counts rows that are ok from the hundredth on", () => {
    const verdicts = Array.from({ length: 140 }, (_, port) => verdict(0, { port: port + 1 }));
    const { table, below } = partsOf({ verdicts });
    assert.equal(table.filter((line) => line.startsWith("ok")).length, 100);
    assert.equal(below[0], "… and 40 more rows that are ok (--json has them all)");
  });

  it("shows the first of many findings and notes, and counts the others", function () {
    this.timeout(60_000);
    const clients = Array.from({ length: 150_000 }, (_, index) => ({ namespace: `n${index}` }));
    const alias = verdict(0).alias;
    const { table, below } = partsOf({
      verdicts: clients.map((client, index) =>
        verdict(2, {
          ...VIOLATION,
          client,
          alias: ref("Service", `n/x${index}`),
        }),
      ),
      shadowed: clients.map((client, index) => ({
        ...{ rule: RULE, by: ref("DestinationRule", `n/${index % 50}`), alias, host: "h" },
        client,
      })),
    });
    assert.equal(table.filter((line) => line.startsWith("violation")).length, 100);
    assert.equal(below[0], "… and 149900 more rows with a finding (--json has them all)");
    assert.ok(below.includes("… and 30 more notes of this kind (--json has them all)"));
    const notes = below.join(" ").replace(/\s+/g, " ");
    assert.ok(notes.includes("for clients in n0, n50, n100 and 2997 more."));
    assert.match(below.at(-1) ?? "", /^150000 violations/);
  });

  it("shows of names and hosts what can't be seen or would be obeyed", () => {
    const target = "a\u001b[2Jb\u202ec\u200bd\ne";
    const { table, below } = partsOf({
      verdicts: [verdict(2, { ...VIOLATION, target, ruleHost: target })],
      notes: [`a file ${target}`],
    });
    const shown = "a\\u001b[2Jb\\u202ec\\u200bd\\ne";
    const text = [...table, ...below].join("\n");
    assert.ok(!["\u001b", "\u202e", "\u200b"].some((hidden) => text.includes(hidden)), text);
    assert.ok(table.join(" ").includes(shown), text);
    assert.ok(below.some((part) => part.startsWith(`note: a file ${shown}`)));
  });

  it("ends with the counts", () => {
    const { below } = partsOf({ verdicts: [verdict(0), verdict(2, VIOLATION)] });
    assert.equal(
      below.at(-1),
      "1 violation, 0 undecided, 1 ok: 1 external alias, 3 clients; 1 object read, 1 of other kinds passed\nover.",
    );
  });

  it("says that there was nothing to judge rather than nothing", () => {
    const text = judgementTable(judgement({}), new Chalk({ level: 0 }));
    assert.equal(
      text,
      "No external alias here, so nothing to judge: 1 object read, 1 of other kinds passed over.\n",
    );
  });
});
