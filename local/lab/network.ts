import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { execa } from "execa";
import { NODE_ADDRESS } from "../kwok.js";

/** Where the network's own tools are, whatever the caller's PATH says. */
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The router's address, which every host reaches: it is the node. */
export const ROUTER_ADDRESS = NODE_ADDRESS;

/**
 * The first process of a network. Its /run is its own, so `ip netns` keeps its names apart from the
 * machine's and from other networks'. When its standard input ends, because it was closed or because
 * we are dead, it ends; and with the first process of a process namespace everything in there ends.
 */
const FIRST_PROCESS = `
set -e
mount -t tmpfs -o mode=0755 network /run
mkdir /run/netns
mount -t proc proc /proc
ip link set lo up
ip address add ${ROUTER_ADDRESS}/32 dev lo
echo 1 > /proc/sys/net/ipv4/ip_forward
echo ready
exec cat > /dev/null
`;

/** A program that runs in a network until the network is closed. */
export interface Program {
  name: string;
  /** The last lines that it wrote, for messages. */
  lines: string[];
  /** Undefined while it runs. */
  exitCode: number | undefined;
}

export interface ProgramOptions {
  name: string;
  /** Where it runs. @default the router */
  host?: string;
  command: readonly string[];
  /** The whole environment but PATH. @default nothing */
  environment?: Readonly<Record<string, string>>;
  /** A user and group other than root. */
  user?: number;
  /** @default "/" */
  directory?: string;
  /** Called with each line of its standard output. */
  onLine?: (line: string) => void;
}

/** What a command that has ended said. */
export interface Answer {
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  environment?: Readonly<Record<string, string>>;
  /** Seconds after which it is ended. @default 15 */
  patience?: number;
}

const KEPT_LINES = 200;

/**
 * A network that no other can reach and that reaches no other: hosts with addresses of their own,
 * joined by a router. It is made of namespaces that live as long as their first process, so nothing
 * of it is left once it is closed or this process is gone, however that ended. Needs root on Linux.
 */
export class Network {
  readonly #hosts = new Set<string>();
  readonly #programs: Program[] = [];

  private constructor(readonly first: ChildProcessByStdio<Writable, Readable, Readable>) {}

  /** @throws with what the kernel refused */
  static async open(): Promise<Network> {
    const namespaces = ["--mount", "--net", "--pid", "--fork", "--kill-child"];
    const first = spawn("unshare", [...namespaces, "sh", "-c", FIRST_PROCESS], {
      env: { PATH },
      stdio: ["pipe", "pipe", "pipe"],
    });
    let said = "";
    first.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const ready = once(first.stdout, "data");
    const ended = once(first, "exit").then(() => {
      throw new Error(`No network of its own can be made here: ${said.trim()}`);
    });
    await Promise.race([ready, ended]);
    ended.catch(() => {}); // It ends when it is closed, too.
    return new Network(first);
  }

  /** Ends every program in it and removes all of it. */
  async close(): Promise<void> {
    if (this.first.exitCode !== null) return;
    this.first.stdin.end();
    await once(this.first, "exit");
  }

  /** Where a file of the network is for other processes; only below /run it is the network's own. */
  outside(file: string): string {
    return `/proc/${this.first.pid}/root${file}`;
  }

  /** Writes a file below /run, with its folders. @param user owner of the file and of its folder */
  write(file: string, content: string, user = 0): void {
    const outside = this.outside(file);
    mkdirSync(path.dirname(outside), { recursive: true });
    writeFileSync(outside, content, { mode: 0o600 });
    for (const owned of [outside, path.dirname(outside)]) chownSync(owned, user, user);
  }

  /** Shows a folder of the machine below /run, where every user of the network may read it. */
  async show(folder: string, as: string): Promise<void> {
    mkdirSync(this.outside(as), { recursive: true });
    await this.#must(["mount", "--bind", folder, as]);
  }

  /** Puts a file of the network in the place of one of the machine's, for the network only. */
  async replace(file: string, content: string): Promise<void> {
    const own = path.join("/run/replaced", file);
    this.write(own, content);
    await this.#must(["chmod", "0644", own]);
    // The file may be a link to what our own /run hides, as systemd's resolv.conf is.
    await this.#must([
      "sh",
      "-ec",
      'file=$(readlink -m "$1"); mkdir -p "$(dirname "$file")"; [ -e "$file" ] || : > "$file"; mount --bind "$2" "$file"',
      "sh",
      file,
      own,
    ]);
  }

  /** Adds a host with these IPv4 addresses; the router knows the way to each. */
  async addHost(name: string, addresses: readonly string[]): Promise<void> {
    const link = `veth${this.#hosts.size}`;
    this.#hosts.add(name);
    const lines = [
      `netns add ${name}`,
      `link add ${link} type veth peer name eth0 netns ${name}`,
      `link set ${link} up`,
      ...addresses.map((address) => `route add ${address}/32 dev ${link}`),
      `-netns ${name} link set lo up`,
      ...addresses.map((address) => `-netns ${name} address add ${address}/32 dev eth0`),
      `-netns ${name} link set eth0 up`,
      `-netns ${name} route add ${ROUTER_ADDRESS} dev eth0`,
      `-netns ${name} route add default via ${ROUTER_ADDRESS}`,
    ];
    await this.#must(["sh", "-ec", lines.map((line) => `ip ${line}`).join("\n")]);
  }

  /** Runs a command to its end. A non-zero exit is an answer, not an error. */
  async run(
    host: string | undefined,
    command: readonly string[],
    { environment = {}, patience = 15 }: RunOptions = {},
  ): Promise<Answer> {
    const bounded = ["timeout", "--kill-after=1", String(patience), ...command];
    const [file = "", ...args] = this.entering(host, bounded);
    const result = await execa(file, args, {
      env: { PATH, ...environment },
      extendEnv: false,
      reject: false,
      stripFinalNewline: false,
    });
    return { exitCode: result.exitCode ?? -1, stdout: result.stdout, stderr: result.stderr };
  }

  /** Starts a program that runs as long as the network. */
  start(options: ProgramOptions): Program {
    const { user, directory = "/" } = options;
    const asUser =
      user === undefined ? [] : ["setpriv", `--reuid=${user}`, `--regid=${user}`, "--clear-groups"];
    const command = ["env", `--chdir=${directory}`, ...asUser, ...options.command];
    const [file = "", ...args] = this.entering(options.host, command);
    const child = spawn(file, args, {
      env: { PATH, ...options.environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const program: Program = { name: options.name, lines: [], exitCode: undefined };
    const keep = (line: string) => {
      program.lines.push(line);
      if (program.lines.length > KEPT_LINES) program.lines.shift();
    };
    createInterface(child.stdout).on("line", options.onLine ?? keep);
    createInterface(child.stderr).on("line", keep);
    child.once("exit", (code) => (program.exitCode = code ?? -1));
    this.#programs.push(program);
    return program;
  }

  /**
   * Tries until there is an answer.
   * @throws after `patience` seconds: with the last lines of the programs that have ended, if any
   */
  async until<T>(
    what: string,
    ask: () => Promise<T | undefined> | T | undefined,
    patience = 20,
  ): Promise<T> {
    const deadline = Date.now() + patience * 1000;
    for (;;) {
      const answer = await ask();
      if (answer !== undefined) return answer;
      const ended = this.#programs.find(({ exitCode }) => exitCode !== undefined);
      if (ended) throw new Error(`${ended.name} has ended.\n${ended.lines.slice(-20).join("\n")}`);
      if (Date.now() > deadline)
        throw new Error(`${what}: not within ${patience} s.\n${this.#said()}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** What the programs wrote last. */
  #said(): string {
    const tails = this.#programs.map(({ name, lines }) => [`${name}:`, ...lines.slice(-8)]);
    return tails.map((tail) => tail.join("\n  ")).join("\n");
  }

  /** The command line that runs a command in the network, for callers that start it themselves. */
  entering(host: string | undefined, command: readonly string[]): string[] {
    const { pid } = this.first;
    const namespaces = ["--mount", "--net", `--pid=/proc/${pid}/ns/pid_for_children`];
    const inHost = host === undefined ? [] : ["ip", "netns", "exec", host];
    return ["nsenter", `--target=${pid}`, ...namespaces, "--", ...inHost, ...command];
  }

  async #must(command: readonly string[]): Promise<void> {
    const { exitCode, stderr } = await this.run(undefined, command);
    if (exitCode !== 0) throw new Error(`${command.join(" ")} failed: ${stderr.trim()}`);
  }
}
