import { type GraphEdge, COLOURS, graphOf, SIGNS } from "./graph.js";
import type { Posture } from "./row.js";

/**
 * The posture as a Mermaid flowchart, which forges draw inside Markdown.
 *
 * @param most how many calls to draw, up to 60
 */
export function postureMermaid(posture: Posture, most?: number): string {
  const { clients, aliases, targets, calls, left } = graphOf(posture, most);
  const names = aliases.map(({ name }) => name);
  const edges = calls.map((call) => {
    const [client, alias] = [clients.indexOf(call.client), names.indexOf(call.alias)];
    return `  client${client} -->|${label(call)}| alias${alias}`;
  });
  return [
    "flowchart LR",
    ...clients.map((name, index) => `  client${index}([${quoted(name)}])`),
    ...names.map((name, index) => `  alias${index}[${quoted(name)}]`),
    ...targets.map((name, index) => `  target${index}[/${quoted(name)}/]`),
    ...edges,
    ...aliases.map(({ target }, index) => `  alias${index} -.-> target${targets.indexOf(target)}`),
    ...(left > 0 ? [`  left[${quoted(`and ${left} more calls, none of them worse`)}]`] : []),
    ...Object.entries(COLOURS).flatMap(([verdict, colour]) => linkStyle(calls, verdict, colour)),
  ].join("\n");
}

function linkStyle(calls: readonly GraphEdge[], verdict: string, colour: string): string[] {
  const links = calls.flatMap((call, index) => (call.verdict === verdict ? [index] : []));
  return links.length > 0
    ? [`  linkStyle ${links.join(",")} stroke:${colour},stroke-width:2px`]
    : [];
}

function label({ labels, verdict }: GraphEdge): string {
  return quoted(SIGNS[verdict] + labels.join(", "));
}

/** Mermaid reads entities where characters mean something to it. */
function quoted(text: string): string {
  const safe = text.replace(/[^\p{L}\p{N} .,:/=?✗()→-]/gu, (character) => {
    return `#${character.codePointAt(0)};`;
  });
  return `"${safe}"`;
}
