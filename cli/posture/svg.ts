import { instance } from "@viz-js/viz";
import { COLOURS, graphOf, SIGNS } from "./graph.js";
import type { Posture } from "./row.js";

/** Its characters all have one width, which Graphviz knows: a text fits its box in any viewer. */
const FONT = "Courier";
/** Fonts of that width. */
const FONTS = "Courier,'Courier New','Liberation Mono','DejaVu Sans Mono',monospace";

const BOX = {
  shape: "box",
  style: "rounded,filled",
  fontname: FONT,
  fontsize: 12,
  margin: "0.2,0.08",
};

/** The posture as an SVG drawing, laid out by Graphviz. */
export async function postureSvg(posture: Posture): Promise<string> {
  const { clients, aliases, targets, calls, left } = graphOf(posture);
  const viz = await instance();
  const svg = viz.renderString(
    {
      graphAttributes: {
        rankdir: "LR",
        label: title(posture.source, calls.length, left),
        labelloc: "t",
        fontname: FONT,
        fontsize: 16,
        bgcolor: "white",
        pad: 0.3,
        nodesep: 0.35,
        ranksep: 1.6,
      },
      nodeAttributes: BOX,
      edgeAttributes: { fontname: FONT, fontsize: 11 },
      nodes: [
        ...clients.map((name) => node("client", name, "#ddf4ff")),
        ...aliases.map(({ name }) => node("alias", name, "#fff8c5")),
        ...targets.map((name) => node("target", name, "#f6f8fa", name.replaceAll(", ", ",\n"))),
      ],
      edges: [
        ...calls.map(({ client, alias, labels, verdict }) => ({
          tail: `client ${client}`,
          head: `alias ${alias}`,
          attributes: {
            label: ` ${SIGNS[verdict]}${labels.join("\n")} `,
            color: COLOURS[verdict],
            fontcolor: COLOURS[verdict],
            penwidth: verdict === "ok" ? 1.2 : 2.4,
          },
        })),
        ...aliases.map(({ name, target }) => ({
          tail: `alias ${name}`,
          head: `target ${target}`,
          attributes: { style: "dashed", color: "#656d76" },
        })),
      ],
    },
    { format: "svg" },
  );
  return svg.replaceAll(`font-family="${FONT}"`, `font-family="${FONTS}"`);
}

function title(source: string, drawn: number, left: number): string {
  const some = left > 0 ? `: the worst ${drawn} of ${drawn + left} calls` : "";
  return `TLS posture of ${source}${some}`;
}

function node(role: string, name: string, fillcolor: string, label = name) {
  return {
    name: `${role} ${name}`,
    attributes: { label, fillcolor, color: "#656d76", tooltip: name },
  };
}
