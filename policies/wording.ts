import { visible } from "../mesh/index.js";
import type { Client, ObjectRef } from "../mesh/index.js";
import { refOf, type StackObject } from "./stack-object.js";

/**
 * The longest line of a message. The CLI indents messages by ten columns, and a message
 * has to be readable in a terminal of 100.
 */
const LINE = 88;

/** Breaks a paragraph into lines; later lines are indented. Words longer than a line stay whole. */
export function paragraph(text: string, indent = ""): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (longer.length > LINE && line.trim() !== "") {
      lines.push(line);
      line = indent + word;
    } else line = longer;
  }
  return [...lines, line].join("\n");
}

/** `label: text`, with later lines below the text. What others named is written so that it is seen. */
export function entry(label: string, text: string): string {
  return paragraph(`${visible(label)}: ${visible(text)}`, "  ");
}

/** YAML below a message, indented so that it reads as a block. */
export function block(yaml: string): string {
  return yaml
    .trimEnd()
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n");
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(items: readonly string[]): string {
  return items.length < 2
    ? (items[0] ?? "")
    : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
}

/** The first few of many, and how many there are in all. */
export function shortened(items: readonly string[], most = 8): string {
  return items.length <= most
    ? listed(items)
    : `${items.slice(0, most).join(", ")} and ${items.length - most} more`;
}

/** `DestinationRule default/my-wikipedia` */
export function named({ kind, namespace, name }: ObjectRef): string {
  return `${kind} ${namespace ? `${namespace}/` : ""}${name || "(name not known yet)"}`;
}

/** The same for an object of the stack; by Pulumi's name where the object's own isn't known yet. */
export function nameOf(seen: StackObject): string {
  const { kind, namespace, name } = refOf(seen);
  return name === ""
    ? `${kind} of the resource ${seen.logicalName}`
    : named({ kind, namespace, name });
}

/** `default`, `gateways in istio-system`, `app=sleep in default`. */
function describeClient({ namespace, labels, gateway }: Client): string {
  const selected = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`);
  const who = [...(gateway ? ["gateways"] : []), ...selected].join(" ");
  return who ? `${who} in ${namespace}` : namespace;
}

/** Clients in words; every one of them, where they are all that there are. */
export function describeClients(clients: readonly Client[], all: readonly Client[]): string {
  const words = shortened(clients.map(describeClient));
  return clients.length === all.length ? `every client (${words})` : words;
}
