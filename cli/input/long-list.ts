import { isList } from "./objects.js";
import { readYaml, YamlFault } from "./yaml.js";

/** A YAML list in parts. */
export interface ListParts {
  list: { apiVersion: string; kind: string };
  /** Where each item's line begins, and where the last one ends. */
  starts: number[];
}

/**
 * Finds the items of a list of Kubernetes objects by their lines, without reading them: from
 * `items:` on, each line with a dash at the first one's indent begins an item, until a line of
 * the list itself. Whether a part really is an item shows when it is read.
 *
 * @returns undefined where the text isn't such a list
 */
export function listParts(text: string): ListParts | undefined {
  const opening = /(?<=^|\n)items:[ \t]*(?:#[^\n]*)?\r?\n(?=( *)-[ \r\n])/.exec(text);
  if (!opening) return undefined;
  const indent = opening[1] ?? "";
  const from = opening.index + opening[0].length;
  const after = indent === "" ? /\n(?![ \r\n#-])/g : /\n(?![ \r\n#])/g;
  after.lastIndex = from;
  const end = (after.exec(text)?.index ?? text.length - 1) + 1;
  const list = rest(text.slice(0, from) + text.slice(end));
  if (!list) return undefined;
  const starts = [from];
  const dash = `\n${indent}-`;
  for (let at = text.indexOf(dash, from); at !== -1 && at < end;) {
    if (" \r\n".includes(text[at + dash.length] ?? "\n")) starts.push(at + 1);
    at = text.indexOf(dash, at + 1);
  }
  return { list, starts: [...starts, end] };
}

/** The list without its items. */
function rest(text: string): ListParts["list"] | undefined {
  try {
    const [value] = readYaml(text);
    const list = { ...(value as object), items: [] };
    return isList(list) ? list : undefined;
  } catch (error) {
    if (error instanceof YamlFault) return undefined;
    throw error;
  }
}
