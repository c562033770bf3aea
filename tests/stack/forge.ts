import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export interface Comment {
  id: number;
  body: string;
  /** Who wrote it. */
  login: string;
}

/** How a forge's API says what all of them say. */
interface Dialect {
  /** Who comments with a job's token. */
  robot: string;
  token: (headers: IncomingHttpHeaders) => unknown;
  refusal: string;
  /** The comments on a `request`, or one `comment`, by name. */
  paths: RegExp[];
  /** The method that changes a comment. */
  edit: "PATCH" | "PUT";
  /** A comment as it is sent. */
  sent: (comment: Comment) => unknown;
  /** Who has a token is told at this path who that is. */
  self?: { path: string; sent: unknown };
}

/** The pull requests of team/egress. */
export const GITHUB: Dialect = {
  robot: "github-actions[bot]",
  token: ({ authorization }) => /^Bearer (.*)/.exec(authorization ?? "")?.[1],
  refusal: "Bad credentials",
  paths: [
    /^\/repos\/team\/egress\/issues\/(?<request>\d+)\/comments$/,
    /^\/repos\/team\/egress\/issues\/comments\/(?<comment>\d+)$/,
  ],
  edit: "PATCH",
  sent: ({ login, ...comment }) => ({ ...comment, user: { login } }),
};

const BOT = { id: 7, username: "project_42_bot" };

/** The merge requests of project 42. */
export const GITLAB: Dialect = {
  robot: BOT.username,
  token: (headers) => headers["private-token"],
  refusal: "401 Unauthorized",
  paths: [
    /^\/projects\/42\/merge_requests\/(?<request>\d+)\/notes$/,
    /^\/projects\/42\/merge_requests\/\d+\/notes\/(?<comment>\d+)$/,
  ],
  edit: "PUT",
  sent: ({ login, ...comment }) => ({
    ...comment,
    author: login === BOT.username ? BOT : { id: 8, username: login },
  }),
  self: { path: "/user", sent: BOT },
};

/**
 * A forge's comments on requests, behind its API: listed in pages with the oldest first, created, and
 * edited by who has a token.
 */
export class Forge {
  readonly #comments = new Map<number, Comment[]>();
  #ids = 0;

  private constructor(
    readonly server: Server,
    readonly dialect: Dialect,
    readonly token: string,
  ) {}

  static async start(dialect: Dialect, token: string): Promise<Forge> {
    const server = createServer((request, response) => {
      void forge.#answer(request, response).catch((error: unknown) => {
        response.writeHead(500).end(String(error));
      });
    });
    const forge = new Forge(server, dialect, token);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return forge;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  comments(request: number): Comment[] {
    return this.#comments.get(request) ?? [];
  }

  /** The robot's comments on a request. */
  robots(request: number): Comment[] {
    return this.comments(request).filter(({ login }) => login === this.dialect.robot);
  }

  /** Somebody comments. */
  write(request: number, login: string, body: string): Comment {
    const comment = { id: ++this.#ids, body, login };
    this.#comments.set(request, [...this.comments(request), comment]);
    return comment;
  }

  close(): void {
    this.server.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { robot, token, refusal, paths, edit, sent, self } = this.dialect;
    const reply = (status: number, body: unknown) =>
      void response
        .writeHead(status, { "content-type": "application/json" })
        .end(JSON.stringify(body));
    if (token(request.headers) !== this.token) return reply(401, { message: refusal });
    const { pathname, searchParams } = new URL(request.url ?? "", this.url);
    if (pathname === self?.path) return reply(200, self.sent);
    const named = paths.map((path) => path.exec(pathname)?.groups).find(Boolean);
    const bodyOf = async () => (JSON.parse(await text(request)) as { body: string }).body;
    const on = Number(named?.request);
    switch (`${request.method} ${Object.keys(named ?? {}).join()}`) {
      case "GET request": {
        const [size, page] = [searchParams.get("per_page") ?? 20, searchParams.get("page") ?? 1];
        const from = (Number(page) - 1) * Number(size);
        return reply(
          200,
          this.comments(on)
            .slice(from, from + Number(size))
            .map(sent),
        );
      }
      case "POST request":
        return reply(201, sent(this.write(on, robot, await bodyOf())));
      case `${edit} comment`: {
        const all = [...this.#comments.values()].flat();
        const found = all.find(({ id }) => id === Number(named?.comment));
        if (!found) break;
        found.body = await bodyOf();
        return reply(200, sent(found));
      }
    }
    reply(404, { message: "Not Found" });
  }
}
