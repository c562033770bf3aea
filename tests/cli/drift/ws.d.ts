/** What the tests use of ws, which comes without types. */
declare module "ws" {
  import type { EventEmitter } from "node:events";
  import type { IncomingMessage, Server } from "node:http";

  export interface WebSocket extends EventEmitter {
    send(data: Buffer): void;
    close(): void;
    onclose: () => void;
  }

  export class WebSocketServer {
    constructor(options: {
      server: Server;
      handleProtocols: (offered: Set<string>) => string | false;
    });
    on(event: "connection", listen: (socket: WebSocket, request: IncomingMessage) => void): this;
  }
}
