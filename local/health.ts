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
 * Asks once.
 *
 * @param timeout milliseconds
 * @returns what is wrong; undefined when it is healthy
 */
export function probe({ url, tls }: Probe, timeout = 2_000): Promise<string | undefined> {
  return new Promise((resolve) => {
    const options = {
      agent: false as const,
      timeout,
      ca: tls && readFileSync(tls.ca),
      cert: tls?.cert && readFileSync(tls.cert),
      key: tls?.key && readFileSync(tls.key),
    };
    const request = (tls ? httpsRequest : httpRequest)(url, options, (response) => {
      response.resume();
      const { statusCode } = response;
      resolve(statusCode === 200 ? undefined : `${url} answers ${statusCode}`);
    });
    request.once("timeout", () => request.destroy(new Error(`no answer in ${timeout} ms`)));
    request.once("error", (error) => resolve(`${url}: ${error.message}`));
    request.end();
  });
}
