import { at, isPlain, items, text, type Plain } from "./plain.js";

/**
 * Lists taken apart: `kind: List` and the typed lists (`ServiceList`, `DestinationRuleList`) that
 * `kubectl get -o yaml` and charts produce, nested ones too. Items of a typed list may leave out
 * their own kind; it is the list's. What isn't an object is left out.
 */
export function flatten(objects: readonly unknown[]): Plain[] {
  const out: Plain[] = [];
  for (const object of objects) {
    if (!isPlain(object)) continue;
    const kind = text(object.kind);
    if (!kind.endsWith("List") || !Array.isArray(object.items)) {
      out.push(object);
      continue;
    }
    const itemKind = kind.slice(0, -"List".length);
    const children = items(object.items).filter(isPlain);
    const typed =
      itemKind === ""
        ? children
        : children.map((item) =>
            text(item.kind) === ""
              ? { ...item, kind: itemKind, apiVersion: at(object, "apiVersion") }
              : item,
          );
    // One by one: a call takes only so many arguments, and a dump has more items.
    for (const item of flatten(typed)) out.push(item);
  }
  return out;
}
