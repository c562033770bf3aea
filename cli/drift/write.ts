import { realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { isScalar, isSeq, parseDocument, type ToStringOptions, type YAMLSeq } from "yaml";
import { CATALOGUE_KEY } from "../../catalogue/catalogue.js";
import { Mistake } from "../mistake.js";

/**
 * A stack's file with other addresses in it. Entries that stay keep their place and their comments;
 * whatever else is in the file stays as it is.
 *
 * @param file its name, for messages
 * @param changes the new addresses, by the alias's index in the file
 * @param listAt where the aliases stand in the file; @default as in a stack's
 * @throws {Mistake} if an alias's addresses aren't written as a list of its own
 */
export function withAddresses(
  text: string,
  file: string,
  changes: ReadonlyMap<number, readonly string[]>,
  listAt: readonly string[] = ["config", CATALOGUE_KEY, "aliases"],
): string {
  const document = parseDocument(text);
  const style = styleOf(text);
  for (const [index, addresses] of changes) {
    const at = [...listAt, index, "addresses"];
    const list = document.getIn(at, true);
    // What has an anchor may be an alias's elsewhere in the file, too.
    if (!isSeq(list) || list.anchor !== undefined || !list.items.every(isScalar)) {
      throw new Mistake(
        `${file}: aliases[${index}].addresses isn't a list of its own in the file; ` +
          `write there: ${addresses.join(", ")}`,
      );
    }
    replaceItems(list, addresses);
  }
  return document.toString(style);
}

function replaceItems(list: YAMLSeq, addresses: readonly string[]): void {
  const valueOf = (item: unknown) => (isScalar(item) ? item.value : undefined);
  list.items = list.items.filter((item) => addresses.includes(valueOf(item) as string));
  const known = list.items.map(valueOf);
  for (const address of addresses) if (!known.includes(address)) list.add(address);
}

/** How the file writes lists, as far as yaml can reproduce it: the first way that changes nothing. */
function styleOf(text: string): ToStringOptions {
  const styles = [true, false].flatMap((indentSeq) =>
    [true, false].map((flowCollectionPadding) => ({
      indentSeq,
      flowCollectionPadding,
      // No text is folded.
      lineWidth: 0,
    })),
  );
  const document = parseDocument(text);
  return styles.find((style) => document.toString(style) === text) ?? styles[0]!;
}

/** Writes all files or none: on a full disk each stays as it was. */
export function writeTogether(texts: readonly (readonly [file: string, text: string])[]): void {
  const drafts = texts.map(([file, text]) => {
    const target = realpathSync(file);
    return { target, draft: `${target}.${process.pid}.draft`, text };
  });
  try {
    for (const { target, draft, text } of drafts) {
      writeFileSync(draft, text, { mode: statSync(target).mode });
    }
    for (const { target, draft } of drafts) renameSync(draft, target);
  } finally {
    for (const { draft } of drafts) rmSync(draft, { force: true, recursive: true });
  }
}
