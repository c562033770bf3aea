import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import type { AddressInfo, Server } from "node:net";
import path from "node:path";
import { createInterface } from "node:readline";
import { execa } from "execa";
import { Network } from "../../local/lab/network.js";
import { REPOSITORY } from "../../local/toolchain/cache.js";
import { eventually } from "../local/eventually.js";
import { close, listenOn } from "../local/sockets.js";
import { skipWithoutNetworks } from "./requirements.js";

/** What a network could leave on the machine: links, routes, names of namespaces. */
async function machine(): Promise<string[]> {
  const commands = ["ip -o link", "ip route", "ip netns list"].map((line) => line.split(" "));
  const answers = await Promise.all(commands.map(([file, ...args]) => execa(file!, args)));
  return answers.map(({ stdout }) => stdout);
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

describe("a network of namespaces", function () {
  this.timeout(20_000);

  before(async function () {
    await skipWithoutNetworks(this);
  });

  it("joins its hosts, reaches nothing else, and changes nothing on the machine", async () => {
    const before = await machine();
    const onMachine = await listenOn(0);
    const network = await Network.open();
    try {
      await network.addHost("client", ["192.0.2.1"]);
      await network.addHost("server", ["198.51.100.1", "203.0.113.1"]);
      const command = ["python3", "-m", "http.server", "--bind", "203.0.113.1", "80"];
      network.start({ name: "web", host: "server", command, directory: "/proc/self/net" });
      const get = (url: string) => network.run("client", ["curl", "-sS", "--max-time", "2", url]);
      await network.until("the server answers", async () => {
        return (await get("http://203.0.113.1/")).exitCode === 0 || undefined;
      });
      // An address that no host has, and a server of the machine's own.
      for (const elsewhere of ["192.0.2.99", `127.0.0.1:${portOf(onMachine)}`]) {
        assert.equal((await get(`http://${elsewhere}/`)).exitCode, 7, elsewhere);
      }
      assert.deepEqual(await machine(), before);
    } finally {
      await network.close();
      await close(onMachine);
    }
    assert.deepEqual(await machine(), before);
  });

  it("can be there twice, with the same names and addresses", async () => {
    const networks = await Promise.all([Network.open(), Network.open()]);
    try {
      for (const network of networks) await network.addHost("client", ["192.0.2.1"]);
      networks.forEach((network, index) => network.write("/run/whose", `${index}`));
      const read = await Promise.all(
        networks.map((network) => network.run("client", ["cat", "/run/whose"])),
      );
      assert.deepEqual(
        read.map(({ stdout }) => stdout),
        ["0", "1"],
      );
    } finally {
      await Promise.all(networks.map((network) => network.close()));
    }
  });

  it("goes with whoever made it, even one that is killed", async () => {
    const script = `
      const { Network } = require("./local/lab/network.ts");
      Network.open().then(async (network) => {
        await network.addHost("client", ["192.0.2.1"]);
        network.start({ name: "sleeper", host: "client", command: ["sleep", "98765"] });
        console.log(network.first.pid);
      });`;
    const register = path.join(REPOSITORY, "register.cjs");
    const owner = spawn("node", ["--require", register, "--eval", script], { cwd: REPOSITORY });
    const [line] = (await once(createInterface(owner.stdout), "line")) as [string];
    assert.ok(existsSync(`/proc/${line}`));
    owner.kill("SIGKILL");
    await eventually(() => !existsSync(`/proc/${line}`) || undefined);
    const { stdout } = await execa("ps", ["-eo", "args"]);
    assert.doesNotMatch(stdout, /^sleep 98765$/m);
  });

  it("says what a program said that ended too early", async () => {
    const network = await Network.open();
    try {
      network.start({ name: "the broken one", command: ["sh", "-c", "echo no such luck >&2"] });
      await assert.rejects(
        network.until("it works", () => undefined),
        /^Error: the broken one has ended\.\nno such luck$/,
      );
      const endless = await network.run(undefined, ["sleep", "600"], { patience: 0.2 });
      assert.equal(endless.exitCode, 124);
    } finally {
      await network.close();
    }
  });
});
