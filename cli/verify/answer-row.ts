import type { Ending } from "../kube/exec.js";
import { type Promised, promiseText } from "./call.js";
import type { Row } from "./row.js";

/** What makes curl say more than the answer: the head of it, and at the end status and address. */
export const CURL_REPORT = ["--include", "--write-out", "\n%{http_code} %{remote_ip}"];

/** What came of a call. */
type Outcome = { found: string } & ({ ok: true } | { ok: false; isNetwork: boolean });

/** Judges how curl ended, given {@link CURL_REPORT}. */
export function answerRow(subject: string, promised: Promised, ending: Ending): Row {
  const outcome = outcomeOf(promised, ending);
  const common = { subject, expected: promiseText(promised), ok: outcome.ok };
  if (outcome.ok || !outcome.isNetwork) return { ...common, found: outcome.found };
  return { ...common, found: `the network doesn't allow it: ${outcome.found}`, state: "network" };
}

function outcomeOf(promised: Promised, { stdout, stderr, failure }: Ending): Outcome {
  const [, code, words = ""] = /^curl: \((\d+)\) (.*)$/m.exec(stderr) ?? [];
  if (code !== undefined) return curlFailure(Number(code), words, promised);
  if (failure !== undefined) return wrong(`curl didn't run: ${failure}`);
  const [, answer = "", status = "", address = ""] =
    /^([^]*)\n(\d{3}) (\S*)$/.exec(stdout.trimEnd()) ?? [];
  if (status === "") return wrong(`curl said something else: ${firstLine(stdout)}`);
  const body = answer.replace(/^[^]*?\r?\n\r?\n/, "");
  if (Number(status) >= 400) return errorStatus(status, body, promised);
  if (promised.text !== undefined && !answer.includes(promised.text)) {
    return wrong(`${status}, without that text: ${firstLine(body)}`);
  }
  if (promised.address !== undefined && address !== promised.address) {
    return wrong(`${status}, from ${address}`);
  }
  if (promised.isSigned && !/x-envoy-/i.test(answer)) {
    return wrong(`${status}, and no sidecar has signed it (no header x-envoy-...)`);
  }
  return { ok: true, found: `${status} from ${address}` };
}

/** What curl's own exit codes mean for whom the network keeps from calling. */
const NETWORK_CODES: Record<number, string> = {
  6: "no DNS answer",
  7: "no connection",
  28: "no answer in time",
};

/** curl met an end where it waited for the server's first words. */
const CLOSED = /SSL_ERROR_SYSCALL|unexpected eof|reset by peer|Empty reply|Recv failure/i;

/**
 * A sidecar accepts every connection and closes it when it can't reach the server, which the client
 * meets as a broken handshake: only where the sidecar adds TLS of its own may TLS be the reason.
 */
function curlFailure(code: number, words: string, promised: Promised): Outcome {
  const said = `curl: (${code}) ${words}`;
  const reason = NETWORK_CODES[code];
  if (reason !== undefined) return blocked(`${reason}: ${said}`);
  if (!CLOSED.test(words)) return wrong(said);
  if (promised.sidecar === "no cluster") {
    return wrong(`${said}; istiod sends the sidecar nothing for it`);
  }
  if (addsTls(promised)) return wrong(`${said}; the sidecar adds TLS: ${promised.sidecar}`);
  return blocked(`closed before the server said anything: ${said}`);
}

/** What Envoy answers itself when it can't reach a server. */
const FROM_SIDECAR = /^(upstream connect error|no healthy upstream|upstream request timeout)/;
const UNREACHED = /(delayed|immediate) connect error|connection timeout|^no healthy|^upstream req/;

function errorStatus(status: string, body: string, promised: Promised): Outcome {
  const said = `${status}: ${firstLine(body)}`;
  if (!promised.isSigned || !FROM_SIDECAR.test(body)) return wrong(said);
  if (/TLS_error/.test(body)) return wrong(said);
  return UNREACHED.test(body) || !addsTls(promised) ? blocked(said) : wrong(said);
}

function addsTls({ sidecar }: Promised): boolean {
  return sidecar === "SIMPLE" || sidecar === "MUTUAL" || sidecar === "ISTIO_MUTUAL";
}

function wrong(found: string): Outcome {
  return { ok: false, found, isNetwork: false };
}

function blocked(found: string): Outcome {
  return { ok: false, found, isNetwork: true };
}

/** Envoy's reason is at the end of a long line. */
const LONGEST = 300;

function firstLine(text: string): string {
  const line = text.trim().split("\n", 1).join().trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}...` : line || "nothing";
}
