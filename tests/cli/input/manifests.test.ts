import assert from "node:assert/strict";
import { parseManifests } from "../../../cli/input/manifests.js";
import { Mistake } from "../../../cli/mistake.js";

function namesIn(text: string): string[] {
  return [...parseManifests(text, "f.yaml")].map(({ object }) => {
    const { name } = (object.metadata ?? {}) as { name?: string };
    return `${object.apiVersion} ${object.kind} ${name}`;
  });
}

function mistakeIn(text: string): string {
  try {
    namesIn(text);
  } catch (error) {
    assert.ok(error instanceof Mistake, String(error));
    return error.message;
  }
  return assert.fail("it was read");
}

const SERVICE = "apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n";

const JSON_SERVICE = '{"apiVersion":"v1","kind":"Service","metadata":{"name":"a"}}';
const THREE = ["v1 Service a", "v1 Service a", "v1 Service a"];

describe("manifests", () => {
  const readable: [story: string, text: string, objects: string[]][] = [
    ["one document", SERVICE, ["v1 Service a"]],
    [
      "several documents, some of them empty",
      `---\n# nothing\n---\n${SERVICE}---\n${SERVICE}`,
      ["v1 Service a", "v1 Service a"],
    ],
    ["nothing at all", "", []],
    ["comments alone", "# nothing here\n", []],
    ["Windows line ends", SERVICE.replaceAll("\n", "\r\n"), ["v1 Service a"]],
    ["JSON", '{"apiVersion":"v1","kind":"Service","metadata":{"name":"a"}}', ["v1 Service a"]],
    [
      "a List",
      `apiVersion: v1\nkind: List\nitems:\n- ${SERVICE.trim().replaceAll("\n", "\n  ")}`,
      ["v1 Service a"],
    ],
    [
      "a typed list, whose items leave out their kind",
      '{"apiVersion":"v1","kind":"ServiceList","items":[{"metadata":{"name":"a"}}]}',
      ["v1 Service a"],
    ],
    [
      "anchors and merges, as kubectl reads them",
      "apiVersion: v1\nkind: Service\nmetadata: {<<: {name: a}}\n",
      ["v1 Service a"],
    ],
    ["JSON documents one after another", `${JSON_SERVICE}${JSON_SERVICE}\n${JSON_SERVICE}`, THREE],
    ["JSON and YAML documents", `${JSON_SERVICE}\n---\n${SERVICE}--- ${JSON_SERVICE}`, THREE],
    [
      "braces in what Istio doesn't read: a Pod's arguments, a header",
      `apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, args: ["{{ .x }}"]}]}\n---\n` +
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a}\n" +
        'spec: {http: [{directResponse: {status: 200, body: {string: "{{ .y }}"}}}]}\n',
      ["v1 Pod a", "networking.istio.io/v1 VirtualService a"],
    ],
    ["a byte order mark", `\uFEFF${SERVICE}`, ["v1 Service a"]],
    ["directives", `%YAML 1.1\n---\n${SERVICE}`, ["v1 Service a"]],
    ["the end of a document", `${SERVICE}...\n---\n${SERVICE}`, ["v1 Service a", "v1 Service a"]],
    [
      "text and flow that go on at their key's indent",
      `${SERVICE}spec:\n  externalName: "a\n  b"\n  ports: [\n  {port: 1}\n  ]\n`,
      ["v1 Service a"],
    ],
    [
      "a kind that isn't judged, without a name",
      "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n",
      ["kustomize.config.k8s.io/v1beta1 Kustomization undefined"],
    ],
    [
      "a kind that isn't judged, with braces of its own",
      `apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: a}\nspec: {args: "{{inputs.x}}"}\n`,
      ["argoproj.io/v1alpha1 Workflow a"],
    ],
  ];
  for (const [story, text, objects] of readable) {
    it(`reads ${story}`, () => assert.deepEqual(namesIn(text), objects));
  }

  const unreadable: [story: string, text: string, message: RegExp][] = [
    [
      "broken YAML",
      `${SERVICE}---\na: b\n  c: d\n`,
      /^f\.yaml:7:4: not YAML: bad indentation of a mapping entry/,
    ],
    ["a bare text", "hello\n", /^f\.yaml:1:1: expected a Kubernetes object, found text$/],
    ["a list at the top", "- a\n", /^f\.yaml:1:1: expected a Kubernetes object, found a list$/],
    [
      "no kind",
      "apiVersion: v1\nmetadata: {name: a}\n",
      /^f\.yaml:1:1: kind: expected text such as "Service", found nothing$/,
    ],
    [
      "a number as kind",
      "apiVersion: v1\nkind: 7\n",
      /^f\.yaml:2:7: kind: expected text .* found a number$/,
    ],
    [
      "no metadata",
      "apiVersion: v1\nkind: Service\n",
      /^f\.yaml:1:1: metadata: expected a map with at least a name, found nothing$/,
    ],
    [
      "a number as name",
      `${SERVICE}---\napiVersion: v1\nkind: Service\nmetadata:\n  name: 12\n`,
      /^f\.yaml:9:9: metadata\.name: expected text \(put it in quotes\), found a number$/,
    ],
    [
      "a wrong item of a list",
      "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n- 3\n",
      /^f\.yaml:4:3: metadata: /,
    ],
    [
      "an anchor that contains itself",
      "a: &a\n  b: *a\n",
      /^f\.yaml:1:1: not YAML: .*contains itself/,
    ],
    [
      "20,000 levels",
      "[".repeat(20_000),
      /^f\.yaml:1:500: not YAML: nested more than 500 levels deep/,
    ],
    [
      "20,000 levels of JSON",
      `{"a":${"[".repeat(20_000)}${"]".repeat(20_000)}}`,
      /^f\.yaml:1:1: not YAML: nested more than 500 levels deep/,
    ],
    [
      "500 levels that aliases make",
      Array.from(
        { length: 600 },
        (_, i) => `a${i}: &a${i} {b: ${i > 0 ? `*a${i - 1}` : "1"}}\n`,
      ).join(""),
      /^f\.yaml:1:1: not YAML: nested more than 500 levels deep/,
    ],
    [
      "a star that isn't in quotes",
      `${SERVICE}spec:\n  host: *.local\n`,
      /^f\.yaml:6:10: not YAML: .*put text that begins with \* in quotes/,
    ],
    [
      "what is wrong in a later one of many documents",
      `${`${SERVICE}---\n`.repeat(3_000)}a: b\n  c: d\n`,
      /^f\.yaml:15002:4: not YAML/,
    ],
    ["an anchor that isn't there", "a: *b\n", /^f\.yaml:1:.*[Aa]lias/],
  ];
  for (const [story, text, message] of unreadable) {
    it(`refuses ${story} and says where`, () => assert.match(mistakeIn(text), message));
  }

  const templates: [story: string, text: string, place: string][] = [
    [
      "a bare value",
      "apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ .Values.name }}\n",
      "f.yaml:4:9",
    ],
    ["a quoted value", `${SERVICE}spec:\n  externalName: "{{ .Values.host }}"\n`, "f.yaml:6:17"],
    ["a block around it", `{{- if .Values.on }}\n${SERVICE}{{- end }}\n`, "f.yaml:1:1"],
    ["a later document", `${SERVICE}---\n{{ include "x" . }}\n`, "f.yaml:6:1"],
  ];
  for (const [story, text, place] of templates) {
    it(`recognizes a Helm template by ${story}, and how to render it`, () => {
      const message = mistakeIn(text);
      assert.ok(message.startsWith(`${place}: this is a Helm template`), message);
      assert.match(message, /helm template CHART \| istio-egress judge -f -/);
    });
  }

  it("reads a long list in parts, and still knows lines, anchors of other items and what is wrong", () => {
    const item = (name: string) =>
      `- apiVersion: v1\n  kind: Service\n  metadata: {name: ${name}}\n`;
    const many = Array.from({ length: 30_000 }, (_, index) => item(`a${index}`)).join("");
    const text = (more = "") => `apiVersion: v1\nitems:\n${many}${more}kind: List\n`;
    const manifests = [...parseManifests(text(), "f.yaml")];
    assert.equal(manifests.length, 30_000);
    assert.equal(manifests[29_999]?.place?.lineOf(["metadata", "name"]), 3 + 29_999 * 3 + 2);
    const sharing = `- &x {apiVersion: v1, kind: Service, metadata: {name: x}}\n${many}- *x\n`;
    const names = namesIn(`kind: List\napiVersion: v1\nitems:\n${sharing}`);
    assert.deepEqual(
      [names.length, names[0], names.at(-1)],
      [30_002, "v1 Service x", "v1 Service x"],
    );
    assert.match(mistakeIn(text("- {}\n")), /^f\.yaml:90003:3: apiVersion: expected/);
    assert.match(mistakeIn(text("- }\n")), /^f\.yaml:90003:3: not YAML/);
  });

  it("takes the last of a key that is there twice, as kubectl does, and says where", () => {
    const notes: string[] = [];
    const text = `${SERVICE}---\n${SERVICE}  name: b\n---\napiVersion: v1\nkind: List\nitems:\n- ${SERVICE.trim().replaceAll("\n", "\n  ")}\n  "metadata": {name: c}\n`;
    const names = [...parseManifests(text, "f.yaml", notes)].map(
      ({ object }) => (object.metadata as { name: string }).name,
    );
    assert.deepEqual(names, ["a", "b", "c"]);
    assert.deepEqual(notes, [
      "f.yaml:10: the key name is there twice. The last one counts, as with kubectl apply.",
      "f.yaml:19: the key metadata is there twice. The last one counts, as with kubectl apply.",
    ]);
    const many: string[] = [];
    const labels = "x: z, ".repeat(20);
    const one = `apiVersion: v1\nkind: Service\nmetadata: {name: a, labels: {${labels}}}\n`;
    assert.equal([...parseManifests(one, "-", many)].length, 1);
    assert.equal(many.length, 11);
    assert.equal(many[10], "standard input: 9 more keys are repeated; the last one counts.");
  });

  it("knows the line of each field, in documents, lists and JSON alike", () => {
    const inList = SERVICE.replace("kind", "spec:\n  externalName: h\nkind")
      .trim()
      .replaceAll("\n", "\n    ");
    const text = `# first\n${SERVICE}---\napiVersion: v1\nkind: List\nitems:\n  - ${inList}\n`;
    const lines = [...parseManifests(text, "f.yaml")].map(({ place }) => [
      place?.lineOf([]),
      place?.lineOf(["metadata", "name"]),
      place?.lineOf(["spec", "externalName"]),
    ]);
    assert.deepEqual(lines, [
      [2, 5, 2],
      [10, 15, 12],
    ]);
    const json =
      '{"apiVersion":"v1","kind":"List","items":[\n{"apiVersion":"v1","kind":"Service",\n"metadata":{"name":"a"}}]}';
    const [only] = [...parseManifests(json, "f.json")];
    assert.equal(only?.place?.lineOf(["metadata", "name"]), 3);
  });
});
