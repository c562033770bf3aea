import { visible } from "../../mesh/index.js";

/** No output is wider, so that it fits a terminal, a log and a pull request. */
export const WIDTH = 100;

/** The first of many, and in a line how many more there are. */
export function firstOf<T>(
  many: readonly T[],
  most: number,
  line: (one: T) => string,
  rest: (count: number) => string,
): string[] {
  const more = many.length - most;
  return [...many.slice(0, most).map(line), ...(more > 0 ? [rest(more)] : [])];
}

/** A text for people: lines of at most {@link WIDTH} characters, each after `indent`. */
export function paragraph(text: string, indent = ""): string {
  const words = visible(text).trim().split(/ +/);
  const lines: string[] = [];
  let line = indent + (words.shift() ?? "");
  for (const word of words) {
    if (line.length + 1 + word.length <= WIDTH) {
      line += ` ${word}`;
    } else {
      lines.push(line);
      line = indent + word;
    }
  }
  return [...lines, line].join("\n");
}

/** Lines of at most `width` characters: broken at spaces, within a long word after `/`, `.` or `-`. */
export function wrap(text: string, width: number): string[] {
  return text.split("\n").flatMap((line) => wrapLine(line, width));
}

function wrapLine(text: string, width: number): string[] {
  if (stripColour(text).length <= width) return [text];
  const upToWidth = new RegExp(`.{1,${width}}`, "gu");
  const pieces = text
    .split(" ")
    .flatMap((word) =>
      `${word} `.length <= width + 1
        ? [`${word} `]
        : (`${word} `.match(/[^/.-]*[/.-]?/g) ?? []).flatMap(
            (piece) => piece.match(upToWidth) ?? [],
          ),
    );
  const lines: string[] = [];
  for (const piece of pieces) {
    const line = lines.at(-1) ?? "";
    if (lines.length > 0 && (line + piece).trimEnd().length <= width) {
      lines[lines.length - 1] = line + piece;
    } else {
      lines.push(piece);
    }
  }
  return lines.map((line) => line.trimEnd()).filter((line) => line !== "");
}

/** What is seen of a text on a terminal. */
export function stripColour(text: string): string {
  // eslint-disable-next-line no-control-regex -- the control character is what starts a colour
  return text.replace(/\x1b\[[0-9;]*m/g, "");
}
