/** A network in which every connection of an application goes to an Envoy, and every one of Envoy's to a sink. */
import { spawn, type ChildProcessByStdio } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { ensureEnvoy } from "../../../local/lab/envoy.js";
import { Network } from "../../../local/lab/network.js";
import { REPOSITORY } from "../../../local/toolchain/cache.js";
import { type Observations, PROXY_USER, SINK_PORT, type Trial } from "./caller.js";
import type { CertificateFiles } from "./bootstrap.js";

const CLIENT = { name: "client", address: "10.255.0.1" };
const PROGRAMS = "/run/tools/envoy";
const FILES: CertificateFiles = { certificate: "/run/envoy/c.pem", key: "/run/envoy/k.pem" };

/** As istio-iptables does it, but that the proxy's own connections end in this host, too. */
const RULES = [
  `-m owner --uid-owner ${PROXY_USER} ! -d 127.0.0.0/8 -j REDIRECT --to-ports ${SINK_PORT}`,
  `-m owner --uid-owner ${PROXY_USER} -j RETURN`,
  "! -d 127.0.0.0/8 -j REDIRECT --to-ports 15001",
];

/** One Envoy after another, each with a configuration of its own. Needs what real traffic needs. */
export class EnvoyNetwork {
  readonly #answers: AsyncIterator<string>;

  private constructor(
    readonly network: Network,
    readonly caller: ChildProcessByStdio<Writable, Readable, null>,
  ) {
    this.#answers = createInterface({ input: caller.stdout })[Symbol.asyncIterator]();
  }

  static async open(): Promise<EnvoyNetwork> {
    const envoy = await ensureEnvoy();
    const network = await Network.open();
    try {
      await prepare(network);
      // Where the proxy's user may read it.
      await network.show(envoy, PROGRAMS);
    } catch (error) {
      await network.close();
      throw error;
    }
    const script = path.join(__dirname, "caller.ts");
    const register = path.join(REPOSITORY, "register.cjs");
    const command = [process.execPath, "--require", register, script, `${PROGRAMS}/envoy`];
    const [file = "", ...args] = network.entering(CLIENT.name, command);
    const caller = spawn(file, args, { stdio: ["pipe", "pipe", "inherit"] });
    return new EnvoyNetwork(network, caller);
  }

  readonly files = FILES;

  /** Starts an Envoy, makes calls, ends it. */
  async attempt(trial: Trial): Promise<Observations> {
    this.caller.stdin.write(`${JSON.stringify(trial)}\n`);
    const answer = await this.#answers.next();
    if (answer.done === true) throw new Error("what makes the calls has ended");
    return JSON.parse(answer.value) as Observations;
  }

  async close(): Promise<void> {
    this.caller.stdin.end();
    await this.network.close();
  }
}

async function prepare(network: Network): Promise<void> {
  await network.addHost(CLIENT.name, [CLIENT.address]);
  network.write("/run/envoy/.keep", "", PROXY_USER);
  const subject = ["-subj", "/CN=client", "-days", "2", "-nodes"];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  const files = ["-keyout", FILES.key, "-out", FILES.certificate];
  const commands = [
    ...RULES.map((rule) => ["sh", "-c", `iptables -t nat -A OUTPUT -p tcp ${rule}`]),
    ["openssl", "req", "-x509", ...key, ...subject, ...files],
    ["chown", "-R", `${PROXY_USER}:${PROXY_USER}`, "/run/envoy"],
  ];
  for (const command of commands) {
    const { exitCode, stderr } = await network.run(CLIENT.name, command);
    if (exitCode !== 0) throw new Error(`${command.join(" ")} failed: ${stderr.trim()}`);
  }
}
