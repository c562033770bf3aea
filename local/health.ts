import { readFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";

/** An HTTP(S) address that answers 200 when the part behind it works. */
export interface Probe {
  url: string;
  /** Files: the authority that signed the server's certificate, and the client's own pair. */
  tls?: { ca: string; cert?: string; key?: string };
}

/**
 * Checks once.
 *
 * @param timeout milliseconds
 * @returns what is wrong; undefined when it is healthy
 */
export async function probe(probe: Probe, timeout = 2_000): Promise<string | undefined> {
  try {
    const status = await statusOf(probe, timeout);
    return status === 200 ? undefined : `${probe.url} answers ${status}`;
  } catch (error) {
    return `${probe.url}: ${(error as Error).message}`;
  }
}

function statusOf({ url, tls }: Probe, timeout: number): Promise<number | undefined> {
  const read = (file: string | undefined) => (file === undefined ? undefined : readFileSync(file));
  const options = {
    agent: false as const,
    timeout,
    ca: read(tls?.ca),
    cert: read(tls?.cert),
    key: read(tls?.key),
  };
  return new Promise((resolve, reject) => {
    const request = (tls ? httpsRequest : httpRequest)(url, options, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.once("timeout", () => request.destroy(new Error(`no answer in ${timeout} ms`)));
    request.once("error", reject);
    request.end();
  });
}
