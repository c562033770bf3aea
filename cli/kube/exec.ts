import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import type { KubeConfig, V1Status } from "@kubernetes/client-node";
import { Mistake } from "../mistake.js";
import type { ApiServer } from "./api-server.js";

/** A container of a Pod. */
export interface Container {
  namespace: string;
  pod: string;
  container: string;
}

/** How a command ended in a container. */
export interface Ending {
  stdout: string;
  stderr: string;
  /** Why it didn't succeed, in the words of the API server or the kubelet; undefined where it did. */
  failure: string | undefined;
}

/**
 * Runs a command in a container, as `kubectl exec` does.
 *
 * @param patience milliseconds, for the connection and for the command
 * @throws {Mistake} if nothing can be run there
 */
export async function execInPod(
  server: ApiServer,
  { namespace, pod, container }: Container,
  command: readonly string[],
  patience: number,
): Promise<Ending> {
  const { Exec } = await import("@kubernetes/client-node");
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const written = Promise.all([text(stdout), text(stderr)]);
  // What still comes after it was given up has nobody to go to.
  for (const stream of [stdout, stderr]) stream.on("error", () => {});
  let end: (failure: string | undefined) => void;
  const ended = new Promise<string | undefined>((resolve) => (end = resolve));
  const socket = (await new Exec(boundedBy(patience, server.config))
    .exec(namespace, pod, container, [...command], stdout, stderr, null, false, (status) =>
      end(failureIn(status)),
    )
    .catch((error: unknown) => {
      throw new Mistake(
        `can't run a command in Pod ${namespace}/${pod}, container ${container}: ${wordsOf(error)}.\n` +
          `It takes the right to create and get pods/exec in ${namespace}, and a kubelet that the ` +
          "API server reaches.",
      );
    })) as { onclose: () => void; close(): void };
  socket.onclose = () => end("the connection was closed before the command had ended");
  const timer = setTimeout(() => end(`it hasn't ended within ${patience / 1000} s`), patience);
  const failure = await ended;
  clearTimeout(timer);
  socket.close();
  for (const stream of [stdout, stderr]) stream.end();
  const [out, err] = await written;
  return { stdout: out, stderr: err, failure };
}

function failureIn({ status, message = "it failed" }: V1Status): string | undefined {
  return status === "Success" ? undefined : message;
}

/** The kubeconfig, for a WebSocket that must open in time: an option of the library beneath, ws. */
function boundedBy(handshakeTimeout: number, config: KubeConfig): KubeConfig {
  const bounded = Object.create(config) as KubeConfig;
  bounded.applyToHTTPSOptions = async (options) => {
    await config.applyToHTTPSOptions(options);
    Object.assign(options, { handshakeTimeout });
  };
  return bounded;
}

/** A WebSocket's failure is an event that carries the error. */
function wordsOf(error: unknown): string {
  return (error as { message?: string }).message ?? String(error);
}
