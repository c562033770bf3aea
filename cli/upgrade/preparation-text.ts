import { stringify } from "yaml";
import {
  refText,
  namedText,
  asWritten,
  type Edit,
  objectRef,
  type Rehearsal,
} from "../../mesh/index.js";

/** What to do before an upgrade, as text and YAML; undefined where nothing breaks. */
export interface PreparationText {
  /** What it is, and what it can't do. */
  lines: string[];
  /** What to apply, in its order; "" for nothing. */
  yaml: string;
  /** Commands that delete what is in the way, after that. */
  deletions: string[];
}

/** The preparation of an upgrade for people. */
export function preparationText({ from, to, preparation }: Rehearsal): PreparationText | undefined {
  const { edits, unprepared } = preparation;
  if (edits.length === 0 && unprepared.length === 0) return undefined;
  const written = edits.filter(({ action }) => action !== "delete");
  const yaml = written.map(documentOf).join("---\n");
  const lines = [
    ...(edits.length > 0
      ? [
          `Before the upgrade write what is below, in this order. It is right under ${from} and under ${to}, ` +
            "so no call breaks at any moment.",
        ]
      : []),
    ...(yaml.includes("insecureSkipVerify: true") ? [UNCHECKED] : []),
    ...unprepared.map(
      ({ alias }) =>
        `Nothing that was tried keeps every call to ${alias.kind} ${refText(alias)} as it is on both sides: change its ` +
        "rules and services until nothing breaks, or move its callers while the control plane is upgraded.",
    ),
  ];
  return {
    lines,
    yaml,
    deletions: edits.filter(({ action }) => action === "delete").map(deletionOf),
  };
}

/** Nobody should have it written for good without a thought. */
const UNCHECKED =
  "insecureSkipVerify keeps it as it is today, when nobody checks the server's certificate. Where the server's is " +
  "good, name its authorities with caCertificates instead: then the check begins when you write it.";

function documentOf({ action, object, why }: Edit): string {
  const does = action === "create" ? "new" : "changed";
  return `# ${namedText(objectRef(object))}, ${does}: ${why}\n${stringify(asWritten(object), OPTIONS)}`;
}

/** Whoever applies it reads YAML 1.1, where `1_0` is a number and `no` is false. */
const OPTIONS = { compat: "yaml-1.1", lineWidth: 0, aliasDuplicateObjects: false } as const;

function deletionOf({ object, why }: Edit): string {
  const { kind, namespace, name } = objectRef(object);
  return `kubectl delete ${kind.toLowerCase()} ${name} -n ${namespace}   # ${why}`;
}
