/** Where the parts of a catalogue were written, for messages. */
export interface Places {
  /** A client or alias, as a message about another one names it: `aliases[3]`, `catalogue/shop.yaml:12`. */
  entry: (section: "clients" | "aliases", index: number) => string;
  /** The place of a mistake, if it isn't the file and the key of the catalogue itself. */
  mistake: (path: readonly PropertyKey[]) => { where: string; key: string } | undefined;
}

/** All of it in one stack file. */
export const ONE_PLACE: Places = {
  entry: (section, index) => `${section}[${index}]`,
  mistake: () => undefined,
};
