import type * as Yaml from "yaml";
import { isWildcard } from "../input/hosts.js";
import { type Advice, type EntryAdvice, objectName, type RuleAdvice } from "./advice.js";

/** Loaded with the first advice: a pack that has nothing against a stack shouldn't wait for it. */
function yaml(): typeof Yaml {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- import() would make every caller wait
  return require("yaml") as typeof Yaml;
}

/** kubectl reads YAML 1.1, where `1_0` is a number and `no` is false. */
const OPTIONS = { compat: "yaml-1.1" } as const;
const LAYOUT = { lineWidth: 0, flowCollectionPadding: false } as const;

/**
 * The advice as YAML: plaintext from the sidecar, with the other choice beside it.
 *
 * @param serverName what the server's certificate has to show
 */
export function adviceYaml({ rule, target }: Advice, serverName: string): string {
  const documents = [
    ...(target?.entry ? [entryDocument(target.entry)] : []),
    ...(target?.rule ? [ruleDocument(target.rule, serverName)] : []),
    ruleDocument(rule, serverName),
  ];
  return documents.map((document) => document.toString(LAYOUT)).join("---\n");
}

function entryDocument({ namespace, host, ports }: EntryAdvice): Document {
  const document = documentOf("ServiceEntry", objectName(host), namespace, {
    hosts: [host],
    location: "MESH_EXTERNAL",
    // A wildcard is no name that could be looked up.
    resolution: isWildcard(host) ? "NONE" : "DNS",
    ports: ports.map(({ number, name, protocol }) => ({
      ...{ number, name, protocol: protocol.toUpperCase() },
    })),
  });
  quote(document, ["spec", "hosts", 0]);
  flow(document, ["spec", "hosts"]);
  for (const index of ports.keys()) flow(document, ["spec", "ports", index]);
  return document;
}

function ruleDocument(rule: RuleAdvice, serverName: string): Document {
  const { name, namespace, host, level, port, subset, exportTo } = rule;
  const tls = { tls: { mode: "DISABLE" } };
  const isForPort = level === "port" || level === "subset-port";
  const isForSubset = level === "subset" || level === "subset-port";
  const policy = {
    trafficPolicy: isForPort ? { portLevelSettings: [{ port: { number: port }, ...tls }] } : tls,
  };
  const document = documentOf("DestinationRule", name, namespace, {
    host,
    ...(exportTo && { exportTo }),
    ...(isForSubset ? { subsets: [{ name: subset, ...policy }] } : policy),
  });
  quote(document, ["spec", "host"]);
  flow(document, ["spec", "exportTo"]);
  const place = [
    ...["spec", ...(isForSubset ? ["subsets", 0] : []), "trafficPolicy"],
    ...(isForPort ? ["portLevelSettings", 0] : []),
  ];
  flow(document, [...place, "port"]);
  explainModes(document, [...place, "tls"], serverName);
  return document;
}

/** Says what the mode means, and below it, commented out, what to write instead. */
function explainModes(document: Document, place: Place, serverName: string): void {
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

function documentOf(kind: string, name: string, namespace: string, spec: object): Document {
  const metadata = { name, namespace };
  return newDocument({ apiVersion: "networking.istio.io/v1", kind, metadata, spec });
}

function newDocument(value: object): Document {
  const { Document } = yaml();
  return new Document(value, OPTIONS);
}

type Document = Yaml.Document;
type Place = readonly (string | number)[];

/** On one line, as people write what is short. */
function flow(document: Document, place: Place): void {
  const node = document.getIn(place);
  if (yaml().isCollection(node)) node.flow = true;
}

function quote(document: Document, place: Place): void {
  const node = document.getIn(place, true);
  if (yaml().isScalar(node)) node.type = "QUOTE_DOUBLE";
}
