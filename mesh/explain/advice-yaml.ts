import type * as Yaml from "yaml";
import type { Advice, EntryAdvice, RuleAdvice } from "./advised.js";
import { entryObject, ruleObject } from "./advice-objects.js";
import { adviseSpec } from "./rule-spec.js";

let library: typeof Yaml | undefined;

/** Loaded with the first advice: a pack that has nothing against a stack shouldn't wait for it. */
function yaml(): typeof Yaml {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- import() would make every caller wait
  return (library ??= require("yaml") as typeof Yaml);
}

/** kubectl reads YAML 1.1, where `1_0` is a number and `no` is false. */
const OPTIONS = { compat: "yaml-1.1" } as const;
const LAYOUT = { lineWidth: 0, flowCollectionPadding: false } as const;

/**
 * The advice as YAML: plaintext from the sidecar, with the other choice beside it.
 *
 * @param serverName what the server's certificate has to show
 */
export function adviceYaml(advice: Advice, serverName: string): string {
  const known = written.get(advice) ?? new Map<string, string>();
  written.set(advice, known);
  const text = known.get(serverName) ?? yamlOf(advice, serverName);
  known.set(serverName, text);
  return text;
}

/** One advice is given for many clients. */
const written = new WeakMap<Advice, Map<string, string>>();

function yamlOf({ rule, target }: Advice, serverName: string): string {
  const documents = [
    ...(target?.entry ? [entryDocument(target.entry)] : []),
    ...(target?.rule ? [ruleDocument(target.rule, serverName)] : []),
    ruleDocument(rule, serverName),
  ];
  return documents.map((document) => document.toString(LAYOUT)).join("---\n");
}

function entryDocument(entry: EntryAdvice): Document {
  const document = newDocument(entryObject(entry));
  quote(document, ["spec", "hosts", 0]);
  flow(document, ["spec", "hosts"]);
  for (const index of entry.ports.keys()) flow(document, ["spec", "ports", index]);
  return document;
}

function ruleDocument(rule: RuleAdvice, serverName: string): Document {
  const document = newDocument(ruleObject(rule));
  quote(document, ["spec", "host"]);
  flow(document, ["spec", "exportTo"]);
  const { places = [] } = rule.advised ?? adviseSpec(rule, undefined, "DISABLE") ?? {};
  for (const [index, place] of places.entries()) {
    const tls = ["spec", ...place];
    flow(document, [...tls.slice(0, -1), "port"]);
    if (index === 0) explainModes(document, tls, serverName);
  }
  return document;
}

/** Says what the mode means, and below it, commented out, what to write instead. */
function explainModes(document: Document, place: YamlPath, serverName: string): void {
  const tls = document.getIn(place) as Yaml.YAMLMap;
  const mode = tls.get("mode", true);
  if (mode) mode.comment = " the application speaks for itself";
  const other = newDocument({ mode: "SIMPLE", sni: serverName, subjectAltNames: [serverName] });
  flow(other, ["subjectAltNames"]);
  const [first, ...lines] = other.toString(LAYOUT).trimEnd().split("\n");
  tls.comment = [`${first} # or: the sidecar starts TLS and checks the server`, ...lines]
    .map((line) => ` ${line}`)
    .join("\n");
}

function newDocument(value: object): Document {
  const { Document } = yaml();
  return new Document(value, OPTIONS);
}

type Document = Yaml.Document;
type YamlPath = readonly (string | number)[];

/** On one line, as people write what is short. */
function flow(document: Document, place: YamlPath): void {
  const node = document.getIn(place);
  if (yaml().isCollection(node)) node.flow = true;
}

function quote(document: Document, place: YamlPath): void {
  const node = document.getIn(place, true);
  if (yaml().isScalar(node)) node.type = "QUOTE_DOUBLE";
}
