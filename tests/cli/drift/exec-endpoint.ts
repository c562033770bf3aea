import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

/** The channels of a WebSocket on which exec speaks. */
const [STDOUT, STDERR, STATUS] = [1, 2, 3] as const;

/**
 * Stands for an API server with a kubelet behind it: commands that somebody runs in a Pod run here,
 * for real. It shows how we speak with pods/exec, and nothing of a Pod's network.
 */
export class ExecEndpoint {
  /** The paths that were requested, and the commands. */
  readonly requests: { path: string; command: string[] }[] = [];

  private constructor(
    private readonly server: Server,
    /** What is found of the commands, as in a container's image. */
    private readonly path: string | undefined,
  ) {}

  static async start(path = process.env.PATH): Promise<ExecEndpoint> {
    const server = createServer((_, response) => response.writeHead(404).end());
    const endpoint = new ExecEndpoint(server, path);
    const sockets = new WebSocketServer({
      server,
      handleProtocols: (offered) => [...offered][0] ?? false,
    });
    sockets.on("connection", (socket, { url = "" }) => {
      const { pathname, searchParams } = new URL(url, "http://x");
      const command = searchParams.getAll("command");
      endpoint.requests.push({ path: pathname, command });
      endpoint.run(socket, command);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return endpoint;
  }

  /** A kubeconfig whose cluster it is. */
  get kubeconfig(): string {
    const { port } = this.server.address() as AddressInfo;
    return JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      // Without TLS, which the library takes only where it isn't to be verified.
      clusters: [
        {
          name: "c",
          cluster: { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true },
        },
      ],
      users: [{ name: "u", user: {} }],
      contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
      "current-context": "c",
    });
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private run(socket: WebSocket, [name = "", ...args]: string[]): void {
    const child = spawn(name, args, { env: { PATH: this.path } });
    const say = (channel: number, data: Buffer) =>
      socket.send(Buffer.concat([Buffer.of(channel), data]));
    const end = (message?: string) => {
      const status = message === undefined ? { status: "Success" } : { status: "Failure", message };
      say(STATUS, Buffer.from(JSON.stringify(status)));
      socket.close();
    };
    child.stdout.on("data", (data: Buffer) => say(STDOUT, data));
    child.stderr.on("data", (data: Buffer) => say(STDERR, data));
    child.on("error", ({ message }) => end(`exec: "${name}": ${message}`));
    child.on("close", (code, signal) => {
      if (signal === null && (code ?? -1) < 0) return;
      end(code === 0 ? undefined : `command terminated with exit code ${code}`);
    });
  }
}
