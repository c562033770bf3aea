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
    ["broken YAML", `${SERVICE}---\na: b\n  c: d\n`, /^f\.yaml:6:4: not YAML: Nested mappings/],
    [
      "a key twice",
      "apiVersion: v1\nkind: Service\nkind: Service\n",
      /^f\.yaml:3:1: not YAML: Map keys must be unique/,
    ],
    ["a bare text", "hello\n", /^f\.yaml:1:1: expected a Kubernetes object, found a string$/],
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
    ["a quoted value", `${SERVICE}spec:\n  externalName: "{{ .Values.host }}"\n`, "f.yaml:6:18"],
    ["a block around it", `{{- if .Values.on }}\n${SERVICE}{{- end }}\n`, "f.yaml:1:1"],
    ["a later document", `${SERVICE}---\n{{ include "x" . }}\n`, "f.yaml:6:1"],
  ];
  for (const [story, text, place] of templates) {
    it(`tells a Helm template by ${story}, and how to render it`, () => {
      const message = mistakeIn(text);
      assert.ok(message.startsWith(`${place}: this is a Helm template`), message);
      assert.match(message, /helm template CHART \| istio-egress judge -f -/);
    });
  }

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
