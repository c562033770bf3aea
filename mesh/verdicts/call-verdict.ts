import type { Call } from "../call/call.js";
import { waysOf, type Ways } from "../call/outcomes.js";
import type { Way } from "../call/way.js";
import type { Mesh } from "../mesh.js";
import type { Alias } from "./alias.js";
import { verdictOfAnswer, worse, type CallVerdict, type Judged } from "./call-answer.js";
import { intentOf } from "./call-intent.js";
import { contestsOn, contestText, everyOrder } from "./call-orders.js";
import { hopOf, judgeLast, judgeWay } from "./call-steps.js";

/**
 * Judges one call: its way, hop by hop, and whether it arrives outside as it is meant to. Where the oldest of
 * some objects decides and their ages aren't known, it is judged in every order.
 *
 * @param alias what the call is to; its rules say what is meant
 * @param ways the call's ways, where they are known already
 */
export function judgeCall(
  mesh: Mesh,
  call: Call,
  alias?: Alias,
  ways: Ways = waysOf(mesh, call),
): CallVerdict {
  const verdict = judgeWays(mesh, call, alias, ways);
  const contests = contestsOn(mesh, call, alias, ways);
  if (contests.length === 0) return verdict;
  const open = contests.map(contestText).join(", and ");
  const orders = everyOrder(mesh, contests);
  if (!orders) return undecidedBetween(verdict, `which of ${open} is older isn't known`);
  const all = orders.map((other) => judgeWays(other, call, alias, waysOf(other, call)));
  const answers = [...new Set(all.map(({ answer }) => answer))];
  if (new Set(all.map((one) => one.verdict)).size > 1) {
    const why = `which of ${open} is older isn't known, and by that it is ${answers.join(" or ")}`;
    return undecidedBetween(verdict, why);
  }
  return { ...all.reduce(worse), intent: verdict.intent };
}

function undecidedBetween({ call, alias, intent, hops }: CallVerdict, reason: string): CallVerdict {
  const to = alias ? { alias } : {};
  return { call, ...to, answer: "undecided", verdict: "undecided", intent, hops, reason };
}

function judgeWays(mesh: Mesh, call: Call, alias: Alias | undefined, ways: Ways): CallVerdict {
  const intent = intentOf(mesh, call, alias);
  const judged: Judged[] =
    "undecided" in ways
      ? [{ answer: "undecided", hops: [], reason: ways.undecided }]
      : ways.map((way) => judgeWay({ mesh, call, alias, intent }, way));
  const worst = judged.reduce(worse);
  return {
    call,
    ...(alias ? { alias } : {}),
    verdict: verdictOfAnswer(worst.answer),
    intent,
    ...worst,
  };
}

/**
 * Judges what a gateway does with calls that a route of its own leads to an alias.
 *
 * @param call its client is the gateway
 */
export function judgeGatewayRoute(mesh: Mesh, call: Call, alias: Alias, way: Way): CallVerdict {
  const intent = intentOf(mesh, call, alias);
  const judged = judgeLast({ mesh, call, alias, intent }, way, [hopOf(call.client, way)]);
  return { call, alias, verdict: verdictOfAnswer(judged.answer), intent, ...judged };
}
