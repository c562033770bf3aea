import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export interface Comment {
  id: number;
  body: string;
  user: { login: string };
}

/** Who comments with a job's token. */
const ROBOT = "github-actions[bot]";

/**
 * A forge's comments on pull requests, behind the same API: listed in pages with the oldest first,
 * created, and edited by who has a token.
 */
export class Forge {
  readonly #comments = new Map<number, Comment[]>();
  #ids = 0;

  private constructor(
    readonly server: Server,
    readonly token: string,
  ) {}

  static async start(token: string): Promise<Forge> {
    const server = createServer((request, response) => {
      void forge.#answer(request, response).catch((error: unknown) => {
        response.writeHead(500).end(String(error));
      });
    });
    const forge = new Forge(server, token);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return forge;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  comments(pullRequest: number): Comment[] {
    return this.#comments.get(pullRequest) ?? [];
  }

  /** Somebody comments. */
  write(pullRequest: number, login: string, body: string): Comment {
    const comment = { id: ++this.#ids, body, user: { login } };
    this.#comments.set(pullRequest, [...this.comments(pullRequest), comment]);
    return comment;
  }

  close(): void {
    this.server.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const reply = (status: number, body: unknown) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    if (request.headers.authorization !== `Bearer ${this.token}`) {
      return void reply(401, { message: "Bad credentials" });
    }
    const { pathname, searchParams } = new URL(request.url ?? "", this.url);
    const [, owner, kind, id] =
      /^\/repos\/([^/]+\/[^/]+)\/issues\/(?:(comments)\/)?(\d+)/.exec(pathname) ?? [];
    const key = `${request.method} ${owner} ${kind ?? "issue"}`;
    const bodyOf = async () => (JSON.parse(await text(request)) as { body: string }).body;
    switch (key) {
      case "GET team/egress issue": {
        const [size, page] = [searchParams.get("per_page") ?? 30, searchParams.get("page") ?? 1];
        const from = (Number(page) - 1) * Number(size);
        return void reply(200, this.comments(Number(id)).slice(from, from + Number(size)));
      }
      case "POST team/egress issue":
        return void reply(201, this.write(Number(id), ROBOT, await bodyOf()));
      case "PATCH team/egress comments": {
        const found = [...this.#comments.values()].flat().find((one) => one.id === Number(id));
        if (!found) return void reply(404, { message: "Not Found" });
        found.body = await bodyOf();
        return void reply(200, found);
      }
    }
    reply(404, { message: "Not Found" });
  }
}
