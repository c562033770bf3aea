import assert from "node:assert/strict";
import { Chalk } from "chalk";
import fc from "fast-check";
import { Mistake } from "../../../cli/mistake.js";
import { diffPostures } from "../../../cli/posture/diff.js";
import { postureJson, readPosture } from "../../../cli/posture/json.js";
import { cell, diffMarkdown, postureMarkdown } from "../../../cli/posture/markdown.js";
import { postureMermaid } from "../../../cli/posture/mermaid.js";
import { postureSvg } from "../../../cli/posture/svg.js";
import { diffTable, postureTable } from "../../../cli/posture/table.js";
import { posture, row, UNDECIDED, VIOLATION } from "./rows.js";

const NO_COLOUR = new Chalk({ level: 0 });

const ALL = posture(
  row(),
  row({ client: "a", ...VIOLATION }),
  row({ client: "b", ...VIOLATION, kind: "declared", tls: "no cluster" }),
  row({ client: "c", ...UNDECIDED }),
  row({ client: "istio-system (gateway)" }),
);

/** Names as Kubernetes allows them, up to their full length. */
const name = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
const anyRow = fc
  .record({
    alias: fc.tuple(name, name).map((parts) => parts.join("/")),
    target: fc.oneof(fc.ipV6(), fc.domain()),
    client: name,
    rule: fc.tuple(name, name).map((parts) => parts.join("/")),
  })
  .map((more) => row({ ...more, ...VIOLATION }));

describe("a posture as a table", () => {
  it("reports the worst first, each line once for all its clients", () => {
    const table = postureTable(ALL, NO_COLOUR).split("\n\n")[1];
    assert.equal(
      table,
      [
        "            alias → target  client        port  declared  TLS           verifier  decided by",
        "violation   n/web           a             443   DISABLE   ISTIO_MUTUAL  nobody    n/r",
        "            → 198.51.100.1",
        "violation   n/web           b             443   DISABLE   no cluster    nobody    n/r",
        "(declared)  → 198.51.100.1",
        "undecided   n/web           c             443   DISABLE   ?             unknown   n/r",
        "            → 198.51.100.1",
        "ok          n/web           n             443   DISABLE   PLAIN         workload  n/r",
        "            → 198.51.100.1  istio-system",
        "                            (gateway)",
      ].join("\n"),
    );
  });

  it("says below it what is wrong and what to do, what wasn't seen, and the counts", () => {
    const text = postureTable({ ...ALL, notes: ["A Helm release."] }, NO_COLOUR);
    assert.match(text, /^n\/web: Istio's mutual TLS is sent\.\n {2}Write DISABLE\.$/m);
    assert.match(text, /^n\/web: it depends on spec\.host\.\n {2}Write the value down\.$/m);
    assert.match(text, /^note: A Helm release\.$/m);
    assert.match(text, /^2 violations, 1 undecided, 2 ok\.\n$/m);
  });

  it("fits 100 columns, whatever the names", () => {
    fc.assert(
      fc.property(fc.array(anyRow, { maxLength: 4 }), (rows) => {
        const change = diffTable(diffPostures(posture(), posture(...rows)), NO_COLOUR);
        for (const line of [postureTable(posture(...rows), NO_COLOUR), change]
          .join("\n")
          .split("\n")) {
          assert.ok(line.length <= 100, line);
        }
      }),
      { numRuns: 50 },
    );
  });

  it("says that there is nothing, or nothing new", () => {
    assert.match(postureTable(posture(), NO_COLOUR), /No external alias\./);
    assert.equal(diffTable([], NO_COLOUR), "The TLS posture is the same.\n");
  });
});

describe("a posture as Markdown", () => {
  it("has a line for each line of the table", () => {
    const lines = postureMarkdown(ALL).split("\n");
    assert.deepEqual(lines.slice(2, 4), [
      "| ❌ violation | n/web → 198.51.100.1 | a | 443 | DISABLE | ISTIO\\_MUTUAL | nobody | n/r |",
      "| ❌ violation (declared) | n/web → 198.51.100.1 | b | 443 | DISABLE | no cluster | nobody | n/r |",
    ]);
    assert.equal(lines.at(-1), "2 violations, 1 undecided, 2 ok.");
  });

  it("says how much was left out", () => {
    assert.match(postureMarkdown(ALL, 1), /\n\n… and 3 more lines that didn't fit here\.\n\n/);
    const changes = diffPostures(posture(), ALL);
    assert.match(diffMarkdown(changes, 3), /\n\n… and 1 more line that didn't fit here\.\n\n/);
  });

  it("lets no text of others break a table, draw a picture or call somebody", () => {
    assert.equal(
      cell("a|b\n<img src=x> @you [x](y) `c`"),
      "a\\|b &lt;img src=x> &#64;you \\[x\\]\\(y\\) \\`c\\`",
    );
  });
});

describe("a posture as a graph", () => {
  const graph = posture(
    row({ subset: "" }),
    row({ subset: "v1", ...VIOLATION }),
    row({ client: "c", alias: "n/other", ...UNDECIDED }),
  );

  it("has an edge for each client and alias, with its worst verdict, and each target once", () => {
    assert.equal(
      postureMermaid(graph),
      [
        "flowchart LR",
        '  client0(["n"])',
        '  client1(["c"])',
        '  alias0["n/web"]',
        '  alias1["n/other"]',
        '  target0[/"198.51.100.1"/]',
        '  client0 -->|"✗ 443 PLAIN, 443/v1 ISTIO#95;MUTUAL"| alias0',
        '  client1 -->|"? 443 ?"| alias1',
        "  alias0 -.-> target0",
        "  alias1 -.-> target0",
        "  linkStyle 0 stroke:#d1242f,stroke-width:2px",
        "  linkStyle 1 stroke:#bf8700,stroke-width:2px",
      ].join("\n"),
    );
  });

  it("lets no name end a label", () => {
    const text = postureMermaid(posture(row({ target: 'x"]; click client0 "y' })));
    assert.match(text, /\[\/"x#34;#93;#59; click client0 #34;y"\/\]/);
  });

  it("is drawn: every name and label is in the SVG", async () => {
    const svg = await postureSvg(graph);
    assert.match(svg, /<svg [^]*<\/svg>\s*$/);
    for (const text of ["n/web", "n/other", "198.51.100.1", "443/v1 ISTIO_MUTUAL", "✗ 443 PLAIN"]) {
      assert.ok(svg.replaceAll("&#45;", "-").includes(text), `${text} in ${svg}`);
    }
    assert.match(svg, /stroke="#d1242f"/);
  });

  it("is drawn in a font of one width, so that no text runs out of its box", async () => {
    const name = "shop/" + "wi".repeat(30);
    const svg = await postureSvg(posture(row({ alias: name })));
    const box = new RegExp(`<title>alias ${name}</title>[^]*?<path [^>]*d="M([\\d.]+)[^"]*"`).exec(
      svg,
    );
    const [left, right] = numbersOf(box![0].split(' d="')[1]!);
    assert.ok(right - left >= name.length * 12 * 0.6, "12 points, each character 0.6 wide");
    assert.match(svg, /font-family="Courier,/);
  });

  it("is drawn for a hundred aliases by its worst calls, and says how many are left", async () => {
    const aliases = Array.from({ length: 100 }, (_, index) => row({ alias: `n/alias-${index}` }));
    const many = posture(...aliases, row({ alias: "n/wrong", ...VIOLATION }));
    const svg = await postureSvg(many);
    assert.match(svg, /the worst 60 of 101 calls/);
    assert.match(svg.replaceAll("&#45;", "-"), /n\/wrong/);
    const mermaid = postureMermaid(many);
    assert.match(mermaid, /"n\/wrong"/);
    assert.match(mermaid, /\["and 41 more calls, none of them worse"\]/);
    assert.equal(mermaid.match(/ -->/g)?.length, 60);
  });
});

describe("a posture as JSON", () => {
  it("is read as it was written", () => {
    assert.deepEqual(readPosture(postureJson(ALL), "a.json"), ALL);
  });

  it("is distinguished from other JSON", () => {
    assert.equal(readPosture('{"kind": "List", "items": []}', "a.json"), undefined);
    assert.equal(readPosture("kind: List", "a.json"), undefined);
  });

  it("says what keeps one from being used", () => {
    const wrong = postureJson(posture(row({ tls: "NONE" as "PLAIN" })));
    assert.throws(
      () => readPosture(wrong, "a.json"),
      (error) =>
        error instanceof Mistake &&
        /^a\.json: not a posture: .*\n.*rows\[0\]\.tls/.test(error.message),
    );
  });
});

/** The least and the greatest horizontal place on an SVG path. */
function numbersOf(path: string): [number, number] {
  const places = [...path.matchAll(/(-?[\d.]+),-?[\d.]+/g)].map(([, x]) => Number(x));
  return [Math.min(...places), Math.max(...places)];
}
