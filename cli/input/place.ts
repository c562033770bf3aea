import { EVENT_ID, type Event, getScalarValue, SCALAR_STYLE } from "js-yaml";
import { textOf, type Piece } from "./chunks.js";
import { JsonText, type Path } from "./json-text.js";
import { type Position } from "./source-text.js";
import { eventsOf, type Parsed, YamlFault } from "./yaml.js";

/**
 * Where a field of a value stands, or its key; the nearest parent where there is none. Only asked
 * for what is reported, so the text is parsed again rather than all positions kept.
 */
export function positionIn({ chunk, document, path }: Piece, field: Path, atKey = false): Position {
  const full = [...path, ...field];
  const offset = chunk.isJson
    ? jsonText(chunk).offsetOf(full, atKey)
    : chunk.start + yamlOffset(parsed(chunk), document, full, atKey);
  return chunk.source.positionAt(offset);
}

let latestJson: { chunk: Piece["chunk"]; text: JsonText } | undefined;

function jsonText(chunk: Piece["chunk"]): JsonText {
  if (latestJson?.chunk !== chunk) {
    latestJson = { chunk, text: new JsonText(chunk.source.text, chunk.start) };
  }
  return latestJson.text;
}

let latest: { chunk: Piece["chunk"]; parsed: Parsed | undefined } | undefined;

function parsed(chunk: Piece["chunk"]): Parsed | undefined {
  if (latest?.chunk !== chunk) latest = { chunk, parsed: parsedAlone(chunk) };
  return latest.parsed;
}

/** A chunk that was read with others may not be readable alone, as where an alias is another's. */
function parsedAlone(chunk: Piece["chunk"]): Parsed | undefined {
  try {
    return eventsOf(textOf(chunk));
  } catch (error) {
    if (error instanceof YamlFault) return undefined;
    throw error;
  }
}

function yamlOffset(
  found: Parsed | undefined,
  document: number,
  path: Path,
  atKey: boolean,
): number {
  if (!found) return 0;
  const { source, events, originalOffset } = found;
  let at = rootOf(events, document);
  let offset = startOf(events[at]) ?? 0;
  for (const [index, step] of path.entries()) {
    const child = childOf(source, events, at, step);
    if (!child) break;
    at = atKey && index === path.length - 1 ? child.key : child.value;
    offset = startOf(events[at]) ?? startOf(events[child.key]) ?? offset;
  }
  return originalOffset(offset);
}

/** Where a document's content is among the events. */
function rootOf(events: readonly Event[], document: number): number {
  let left = document;
  return events.findIndex(({ type }) => type === EVENT_ID.DOCUMENT && left-- === 0) + 1;
}

function childOf(source: string, events: readonly Event[], at: number, step: string | number) {
  const type = events[at]?.type;
  let next = at + 1;
  for (let index = 0; events[next] && events[next]?.type !== EVENT_ID.POP; index++) {
    const key = next;
    const value = type === EVENT_ID.MAPPING ? afterNode(events, key) : key;
    if (type === EVENT_ID.MAPPING ? keyText(source, events[key]) === step : index === step) {
      return { key, value };
    }
    next = afterNode(events, value);
  }
  return undefined;
}

function keyText(source: string, event: Event | undefined): string | undefined {
  return event?.type === EVENT_ID.SCALAR ? getScalarValue(source, event) : undefined;
}

function afterNode(events: readonly Event[], at: number): number {
  let [next, level] = [at, 0];
  do {
    const type = events[next++]?.type;
    if (type === EVENT_ID.SEQUENCE || type === EVENT_ID.MAPPING) level++;
    if (type === EVENT_ID.POP) level--;
  } while (level > 0 && next < events.length);
  return next;
}

const QUOTED = new Set<number>([SCALAR_STYLE.SINGLE_QUOTED, SCALAR_STYLE.DOUBLE_QUOTED]);

/** Undefined for an empty value, which stands nowhere. */
function startOf(event: Event | undefined): number | undefined {
  const start = offsetOf(event);
  return start < 0 ? undefined : start;
}

function offsetOf(event: Event | undefined): number {
  if (event?.type === EVENT_ID.ALIAS) return event.anchorStart - 1;
  if (event?.type === EVENT_ID.SCALAR) {
    // A quoted value's quote is before it.
    return QUOTED.has(event.style) ? event.valueStart - 1 : event.valueStart;
  }
  return event && "start" in event ? event.start : -1;
}
