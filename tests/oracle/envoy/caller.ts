/**
 * Runs in a network of its own: gives an Envoy each configuration that is read from standard input, makes
 * the calls, and writes which of Envoy's counters each call moved and what arrived behind it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { connect as connectTcp, createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { connect as connectTls } from "node:tls";
import type { AskedCall, Resource } from "../question.js";
import { APPLICATION_PROTOCOLS, type Arrival, arrivalOf } from "./arrival.js";

/** One line of input: what Envoy starts with, and what is called then. */
export interface Trial {
  bootstrap: Resource;
  calls: AskedCall[];
}

/** One line of output, for each line of input. */
export interface Observations {
  calls: Observation[];
  /** Why Envoy didn't take the configuration. */
  refused?: string;
}

/** What a call did. */
export interface Observation {
  /** Envoy's counters that it moved, and by how much. */
  counters: Record<string, number>;
  /** The status of the answer, where it is HTTP. */
  status?: number;
  /** What arrived outside. */
  arrivals: Arrival[];
}

/** Where the proxy's own connections end, whoever they are for (see {@link EnvoyNetwork}). */
export const SINK_PORT = 19999;
/** The user that the proxy runs as, by whom the network knows its connections. */
export const PROXY_USER = 1337;

const ADMIN = "http://127.0.0.1:15000";
const PATIENCE = 1500;

const arrivals: Arrival[] = [];

/** Answers whatever comes, so that no call waits, and keeps how it began. */
const sink = createServer((socket) => {
  socket.on("error", () => socket.destroy());
  let first = Buffer.alloc(0);
  socket.on("data", (chunk) => {
    first = Buffer.concat([first, chunk]);
    const arrival = arrivalOf(first);
    if (!arrival || socket.writableEnded) return;
    arrivals.push(arrival);
    socket.end("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  });
});

async function main(envoy: string): Promise<void> {
  mkdirSync("/run/envoy", { recursive: true });
  sink.listen(SINK_PORT, "0.0.0.0");
  await once(sink, "listening");
  let number = 0;
  for await (const line of createInterface({ input: process.stdin })) {
    const observed = await attempt(envoy, `/run/envoy/${number++}.json`, JSON.parse(line) as Trial);
    process.stdout.write(`${JSON.stringify(observed)}\n`);
  }
  process.exit();
}

async function attempt(envoy: string, file: string, trial: Trial): Promise<Observations> {
  writeFileSync(file, JSON.stringify(trial.bootstrap));
  const options = ["--concurrency", "1", "--disable-hot-restart", "--log-level", "error"];
  const proxy = spawn(envoy, ["-c", file, ...options], {
    uid: PROXY_USER,
    gid: PROXY_USER,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  proxy.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const ended = once(proxy, "exit");
  try {
    if (!(await isReady(proxy))) return { calls: [], refused: said.trim() };
    const calls: Observation[] = [];
    for (const call of trial.calls) calls.push(await observe(call));
    return { calls };
  } finally {
    proxy.kill("SIGKILL");
    if (proxy.exitCode === null && proxy.signalCode === null) await ended;
  }
}

async function isReady(proxy: ChildProcess): Promise<boolean> {
  const deadline = Date.now() + 20_000;
  while (proxy.exitCode === null && Date.now() < deadline) {
    const ready = await fetch(`${ADMIN}/ready`).catch(() => undefined);
    if (ready?.status === 200) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

async function observe(call: AskedCall): Promise<Observation> {
  const before = await counters();
  arrivals.length = 0;
  const said = await make(call);
  const after = await counters();
  const status = /^HTTP\/1\.1 (\d+)/.exec(said)?.[1];
  return {
    counters: Object.fromEntries(
      [...after].flatMap(([name, count]) => {
        const more = count - (before.get(name) ?? 0);
        return more > 0 ? [[name, more]] : [];
      }),
    ),
    ...(status !== undefined && { status: Number(status) }),
    arrivals: [...arrivals],
  };
}

async function counters(): Promise<Map<string, number>> {
  const text = await (await fetch(`${ADMIN}/stats?usedonly&type=Counters`)).text();
  return new Map(
    text
      .split("\n")
      .map((line) => /^(.+): (\d+)$/.exec(line))
      .flatMap((found): [string, number][] => (found ? [[found[1]!, Number(found[2])]] : [])),
  );
}

/** Makes a call as its application would. @returns what was answered, until the end or until patience ends */
function make({ address, port, sends, host, path = "/" }: AskedCall): Promise<string> {
  return new Promise((resolve) => {
    let said = "";
    const socket: Socket =
      sends === "tls"
        ? connectTls({
            host: address,
            port,
            ...(host !== undefined && { servername: host }),
            ALPNProtocols: APPLICATION_PROTOCOLS,
            rejectUnauthorized: false,
          })
        : connectTcp(port, address);
    const done = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(said);
    };
    const timer = setTimeout(done, PATIENCE);
    socket.on("data", (chunk: Buffer) => (said += chunk.toString("latin1")));
    socket.once("error", done);
    socket.once("close", done);
    if (sends === "http") {
      socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host ?? ""}\r\nConnection: close\r\n\r\n`);
    }
    if (sends === "tcp") socket.write("\x00\x01neither HTTP nor TLS\n");
  });
}

if (require.main === module) void main(process.argv[2]!);
