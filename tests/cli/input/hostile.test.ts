import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { Chalk } from "chalk";
import fc from "fast-check";
import { judgementJson } from "../../../cli/format/json.js";
import { judgementSarif } from "../../../cli/format/sarif.js";
import { judgementTable } from "../../../cli/format/table.js";
import { parseManifests } from "../../../cli/input/manifests.js";
import { lastOfEach } from "../../../cli/input/reading.js";
import { judgementOf } from "../../../cli/judgement.js";
import { Mistake } from "../../../cli/mistake.js";
import { postureMarkdown } from "../../../cli/posture/markdown.js";
import { postureMermaid } from "../../../cli/posture/mermaid.js";
import { postureOfSeen, seenInFiles } from "../../../cli/posture/seen.js";
import { postureTable } from "../../../cli/posture/table.js";
import { runs } from "../../runs.js";
import { REPOSITORY } from "../command.js";

const NO_COLOUR = new Chalk({ level: 0 });

/**
 * Does all that `judge` and `posture` do with a file, and gives what people read of it. A mistake of
 * whoever wrote the file is an answer.
 */
function answersTo(text: string): string[] {
  try {
    const reading = lastOfEach([...parseManifests(text, "f.yaml")]);
    const judgement = judgementOf({ ...reading, facts: {} });
    const posture = postureOfSeen(seenInFiles("f.yaml", reading));
    JSON.parse([...judgementJson(judgement)].join(""));
    JSON.parse([...judgementSarif([judgement], "1")].join(""));
    return [
      judgementTable(judgement, NO_COLOUR),
      postureTable(posture, NO_COLOUR),
      postureMarkdown(posture),
      postureMermaid(posture),
    ];
  } catch (error) {
    // Anything else would end in exit 70.
    if (error instanceof Mistake) return [error.message];
    throw error;
  }
}

const EXAMPLES = readdirSync(path.join(REPOSITORY, "examples"))
  .filter((file) => file.endsWith(".yaml"))
  .map((file) => readFileSync(path.join(REPOSITORY, "examples", file), "utf8"));

const FRAGMENTS = [
  ...[
    "&a ",
    "*a",
    "<<: *a\n",
    "{{ .x }}",
    "{",
    "}",
    "[",
    "]",
    ": ",
    "- ",
    "? ",
    "|\n",
    ">-\n",
    "\t",
  ],
  ...["---\n", "...\n", "%YAML 1.1\n", "!!int ", "!x ", '"', "'", "#", "\\", "\n", "\r", "\0", "~"],
  ...[
    "\u001b[2J",
    "\u009b",
    "\u202e",
    "\u200b",
    "\u2028",
    "\ufeff",
    "\ud800",
    "0673",
    "4_43",
    "1e999",
  ],
  ...["__proto__: {}\n", "constructor: 1\n", "x".repeat(1_000), "[".repeat(600), "a: ".repeat(50)],
];

/** A text with fragments put in, and parts taken out. */
const edited = fc
  .tuple(
    fc.constantFrom(...EXAMPLES),
    fc.array(fc.tuple(fc.nat(), fc.nat({ max: 30 }), fc.constantFrom(...FRAGMENTS)), {
      minLength: 1,
      maxLength: 6,
    }),
  )
  .map(([text, edits]) =>
    edits.reduce((so, [place, length, fragment]) => {
      const at = place % (so.length + 1);
      return so.slice(0, at) + fragment + so.slice(at + length);
    }, text),
  );

const anyText = fc.oneof(
  fc.constantFrom("a", "shop", "*", ".", "~", "", "h.example", "*.local", "443", "ISTIO_MUTUAL"),
  fc.string({ unit: "binary", maxLength: 20 }),
);
const anyValue = fc.oneof(
  { depthSize: "small" },
  anyText,
  fc.constantFrom(null, true, -1, 0, 443, 1e300, 0.5),
  fc.array(anyText, { maxLength: 3 }),
  fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<unknown>,
);

const FIELDS = [
  ...[
    "host",
    "hosts",
    "ports",
    "port",
    "number",
    "name",
    "protocol",
    "targetPort",
    "addresses",
    "ip",
  ],
  ...[
    "externalName",
    "type",
    "selector",
    "clusterIP",
    "endpoints",
    "resolution",
    "location",
    "labels",
  ],
  ...[
    "trafficPolicy",
    "tls",
    "mode",
    "subsets",
    "portLevelSettings",
    "exportTo",
    "workloadSelector",
  ],
  ...[
    "egress",
    "http",
    "route",
    "destination",
    "targetRef",
    "targetRefs",
    "subjectAltNames",
    "address",
  ],
];
const { tree } = fc.letrec<{ tree: unknown; map: unknown }>((tie) => ({
  map: fc.dictionary(fc.constantFrom(...FIELDS), tie("tree"), { maxKeys: 4 }),
  tree: fc.oneof(
    { maxDepth: 5, depthSize: "medium" },
    anyValue,
    tie("map"),
    fc.array(tie("map"), { maxLength: 3 }),
  ),
}));

const KINDS = [
  ...["v1 Service", "v1 Endpoints", "v1 Pod", "v1 Namespace", "v1 List", "apps/v1 Deployment"],
  ...["discovery.k8s.io/v1 EndpointSlice", "gateway.networking.k8s.io/v1 BackendTLSPolicy"],
  ...["gateway.networking.k8s.io/v1 Gateway", "gateway.networking.k8s.io/v1 HTTPRoute"],
  ...[
    "DestinationRule",
    "ServiceEntry",
    "WorkloadEntry",
    "Sidecar",
    "VirtualService",
    "EnvoyFilter",
  ].map((kind) => `networking.istio.io/v1 ${kind}`),
  "security.istio.io/v1 PeerAuthentication",
];

/** Objects with any value in any of the fields that are read. */
const object = fc
  .tuple(fc.constantFrom(...KINDS), fc.constantFrom("a", "b"), tree, tree, tree, tree)
  .map(([type, name, spec, subsets, labels, more]) => {
    const [apiVersion, kind] = type.split(" ");
    return {
      ...{ apiVersion, kind, spec, subsets, endpoints: subsets, items: more },
      metadata: { name, labels, creationTimestamp: more },
    };
  });

describe("hostile input", function () {
  this.timeout(120_000);

  it("ends in an answer, or in a mistake of whoever wrote it: texts with anything in them", () => {
    fc.assert(
      fc.property(edited, (text) => {
        for (const answer of answersTo(text)) assert.doesNotMatch(answer, OBEYED);
      }),
      { numRuns: runs(300) },
    );
  });

  it("ends so for objects with anything in their fields", () => {
    fc.assert(
      fc.property(fc.array(object, { minLength: 1, maxLength: 4 }), (objects) => {
        answersTo(objects.map((one) => JSON.stringify(one)).join("\n"));
      }),
      { numRuns: runs(300) },
    );
  });

  it("ends so for any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 100 }), (text) => {
        answersTo(text);
      }),
      { numRuns: runs(300) },
    );
  });
});

describe("many findings", function () {
  this.timeout(120_000);

  const SERVERS = 100;
  const TEAMS = 150;
  const names = (count: number, prefix: string) =>
    Array.from({ length: count }, (_, index) => `${prefix}${index}`);
  const aliases = names(SERVERS, "server").flatMap((name) => {
    const metadata = { name, namespace: "default" };
    const port = { name: "tls", port: 443 };
    const subsets = [{ addresses: [{ ip: "192.0.2.1" }], ports: [port] }];
    return [
      { apiVersion: "v1", kind: "Service", metadata, spec: { ports: [port] } },
      { apiVersion: "v1", kind: "Endpoints", metadata, subsets },
    ];
  });
  const mutual = (namespace: string) => ({
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: { name: "mutual", namespace },
    spec: { host: "*.local", trafficPolicy: { tls: { mode: "ISTIO_MUTUAL" } } },
  });

  // Advice that was worked out again for each took hours.
  for (const [whose, rules] of [
    ["one rule", [mutual("istio-system")]],
    ["a rule of each client", names(TEAMS, "team").map(mutual)],
  ] as const) {
    it(`are written as SARIF and JSON: 15,000 by ${whose}`, () => {
      const manifests = [...aliases, ...rules].map((object) => ({ object }));
      const clients = names(TEAMS, "team").map((namespace) => ({ namespace }));
      const judgement = judgementOf({ manifests, clients, facts: {} });
      const count = (pieces: Iterable<string>, word: string) =>
        [...pieces].filter((piece) => piece.includes(word)).length;
      const results = count(judgementSarif([judgement], "1"), '"ruleId": "egress-disallow');
      assert.equal(results, SERVERS * TEAMS);
      assert.equal(count(judgementJson(judgement), '"yaml": '), SERVERS * TEAMS);
    });
  }
});

/** What a terminal would obey. */
const OBEYED = /[\p{Bidi_Control}\u200b\u2028]|(?![\n])\p{Cc}/u;
