import { randomInt } from "node:crypto";
import { createServer, type Server } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Mistake } from "./mistake.js";

/** The one address that anything in the embedded mesh listens on. */
export const LOOPBACK = "127.0.0.1";

/**
 * Below the range from which Linux takes ports for outgoing connections, and below Kubernetes's
 * node ports: what is free here when it is chosen stays free until a part binds it, and while a
 * part is restarted.
 */
const RANGE = { from: 20_000, to: 30_000 };
const ATTEMPTS_PER_PORT = 200;

/**
 * Finds free TCP ports on the loopback address, all different.
 *
 * @param range from which to choose; `to` is not part of it
 * @throws {Mistake} when none is free after many random tries
 */
export async function freePorts(count: number, range = RANGE): Promise<number[]> {
  const held: Server[] = [];
  try {
    for (let tries = 0; held.length < count; tries++) {
      if (tries >= count * ATTEMPTS_PER_PORT) {
        throw new Mistake(
          `No ${count} free ports on ${LOOPBACK} between ${range.from} and ${range.to}: ` +
            `end a program that listens there.`,
        );
      }
      const server = await listen(randomInt(range.from, range.to));
      if (server) held.push(server);
    }
    return held.map(portOf);
  } finally {
    await Promise.all(held.map((server) => new Promise((closed) => server.close(closed))));
  }
}

/**
 * Waits until nothing listens on any of these ports, for a limited time. A program that was killed a
 * moment ago may still hold its own: the kernel takes its memory first.
 *
 * @param patience milliseconds. @default 5000
 */
export async function untilFree(ports: readonly number[], patience = 5_000): Promise<void> {
  const deadline = Date.now() + patience;
  for (const port of ports) {
    for (;;) {
      const server = await listen(port);
      if (server) await new Promise((closed) => server.close(closed));
      if (server || Date.now() > deadline) break;
      await sleep(20);
    }
  }
}

function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen({ host: LOOPBACK, port, exclusive: true }, () => resolve(server));
  });
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not a TCP server");
  return address.port;
}
