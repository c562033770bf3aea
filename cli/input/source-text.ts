/** A place for people: lines and columns count from 1. */
export interface Position {
  line: number;
  col: number;
}

/** A file's text, and where in it something stands. */
export class SourceText {
  readonly text: string;
  /** Keys that are repeated in their map, by their offset. */
  readonly repeatedKeys = new Map<number, string>();
  private starts: number[] | undefined;

  constructor(
    /** As the user named it; "-" for standard input. */
    readonly file: string,
    text: string,
  ) {
    this.text = text.replace(/^\uFEFF/, "");
  }

  positionAt(offset: number): Position {
    const starts = (this.starts ??= lineStarts(this.text));
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return { line: low + 1, col: offset - (starts[low] ?? 0) + 1 };
  }
}

/** Where each line begins. */
function lineStarts(text: string): number[] {
  const starts = [0];
  for (const { index, 0: end } of text.matchAll(/\r\n?|\n/g)) starts.push(index + end.length);
  return starts;
}
