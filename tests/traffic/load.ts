/**
 * A client that calls at a steady rate, whatever the answers, until it is told to stop: a program of
 * its own, started with {@link LoadOptions} and the file whose appearance ends it. It prints a
 * {@link LoadReport} when every request has its answer.
 */
import { existsSync, readFileSync } from "node:fs";
import * as http from "node:http";
import * as https from "node:https";

export interface LoadOptions {
  url: string;
  /** Requests a second. */
  rate: number;
  /** The host to connect to, where it isn't the URL's. */
  connectTo?: string;
  /** File of the authority to trust. */
  authority?: string;
}

export interface LoadReport {
  sent: number;
  /** Answers with status 200, by the origin that gave them. */
  answered: Record<string, number>;
  /** The origins in the order in which each answered first. */
  order: string[];
  /** What went wrong with every other request. */
  lost: string[];
  /** Who answered at the end, when all older connections were gone. */
  last: string[];
}

const TICK_MS = 5;
/** The end, for {@link LoadReport.last}. */
const LAST_MS = 500;
/** A request that is answered late is answered: the machine may be busy with much else. */
const PATIENCE_MS = 30_000;
/** No connection is used for longer: new ones are always made. */
const CONNECTION_MS = 500;

const [options, stopFile] = [JSON.parse(process.argv[2]!) as LoadOptions, process.argv[3]!];
const url = new URL(options.url);
const { request, Agent } = url.protocol === "https:" ? https : http;
let agent = new Agent({ keepAlive: true });
const ca = options.authority && readFileSync(options.authority);

const report: LoadReport = { sent: 0, answered: {}, order: [], lost: [], last: [] };
const recent: { at: number; origin: string }[] = [];
let pending = 0;

function call(): void {
  report.sent++;
  pending++;
  const begun = Date.now() - started;
  const sent = request(
    {
      host: options.connectTo ?? url.hostname,
      port: url.port || undefined,
      path: url.pathname,
      headers: { host: url.host },
      servername: url.hostname,
      agent,
      ca,
      timeout: PATIENCE_MS,
    },
    (response) => {
      response.resume();
      response.once("end", () => {
        if (response.statusCode === 200) answered(String(response.headers["x-origin"]));
        else lost(begun, `status ${response.statusCode}`);
      });
      response.once("error", (error) => lost(begun, error.message));
    },
  );
  sent.once("timeout", () => sent.destroy(new Error(`no answer in ${PATIENCE_MS} ms`)));
  sent.once("error", (error) => lost(begun, error.message));
  sent.end();
}

function answered(origin: string): void {
  pending--;
  if (!(origin in report.answered)) report.order.push(origin);
  report.answered[origin] = (report.answered[origin] ?? 0) + 1;
  recent.push({ at: Date.now(), origin });
}

function lost(begun: number, why: string): void {
  pending--;
  report.lost.push(`sent at ${begun} ms, lost at ${Date.now() - started} ms: ${why}`);
}

setInterval(() => {
  const old = agent;
  agent = new Agent({ keepAlive: true });
  setTimeout(() => old.destroy(), PATIENCE_MS);
}, CONNECTION_MS);

const started = Date.now();
let stopping = false;

const timer = setInterval(() => {
  stopping ||= existsSync(stopFile);
  const due = Math.floor(((Date.now() - started) / 1000) * options.rate);
  // Late ticks are made up for: the rate is what was asked, on a busy machine too.
  while (!stopping && report.sent < due) call();
  if (!stopping || pending > 0) return;
  clearInterval(timer);
  const since = Date.now() - LAST_MS;
  report.last = [...new Set(recent.filter(({ at }) => at > since).map(({ origin }) => origin))];
  console.log(JSON.stringify(report));
  process.exit();
}, TICK_MS);
