/** What tables of verdicts have in common. */
import type { ChalkInstance } from "chalk";
import type { Verdict } from "../../mesh/index.js";

const MOST_CLIENTS = 3;

/** `default, shop`, or the first few of many and how many more. */
export function clientsText(clients: readonly string[], most = MOST_CLIENTS): string {
  const more = clients.length - most;
  if (more <= 1) return clients.join(", ");
  return `${clients.slice(0, most).join(", ")} and ${more} more`;
}

/** `443`, `443/v2` for a subset, `any`. */
export function portText({ port, subset }: Pick<Verdict, "port" | "subset">): string {
  return (port === 0 ? "any" : String(port)) + (subset === "" ? "" : `/${subset}`);
}

/** `violation`, `violation (declared)`, `undecided`, `ok`. */
export function verdictText({ verdict, kind }: Pick<Verdict, "verdict" | "kind">): string {
  return kind === "declared" ? "violation (declared)" : verdict;
}

/** The same in its colour, for a cell of a table. */
export function verdictCell(
  answer: Pick<Verdict, "verdict" | "kind">,
  colour: ChalkInstance,
): string {
  const colours = { violation: colour.red, undecided: colour.yellow, ok: colour.green };
  return colours[answer.verdict](verdictText(answer).replace(" ", "\n"));
}

/** How many of which verdict: `2 violations, 0 undecided, 7 ok`. */
export function countsText(answers: readonly Pick<Verdict, "verdict">[]): string {
  const count = (wanted: Verdict["verdict"]) =>
    answers.filter(({ verdict }) => verdict === wanted).length;
  const violations = count("violation");
  return (
    `${violations} violation${violations === 1 ? "" : "s"}, ` +
    `${count("undecided")} undecided, ${count("ok")} ok`
  );
}
