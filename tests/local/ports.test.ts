import assert from "node:assert/strict";
import { freePorts, untilFree } from "../../local/ports.js";
import { close, listenOn } from "./sockets.js";

describe("free ports", () => {
  it("are all different, free, and out of the way of outgoing connections and node ports", async () => {
    const ports = await freePorts(50);
    assert.equal(new Set(ports).size, 50);
    assert.ok(ports.every((port) => port >= 20_000 && port < 30_000));
    const servers = await Promise.all(ports.map(listenOn));
    await Promise.all(servers.map(close));
  });

  it("are different for two who ask at the same time", async () => {
    const [one, two] = await Promise.all([freePorts(20), freePorts(20)]);
    const others = await Promise.all(one.map(listenOn));
    const three = await freePorts(20);
    await Promise.all(others.map(close));
    assert.equal(new Set([...one, ...two]).size, 40);
    assert.ok(three.every((port) => !one.includes(port)));
  });

  it("are waited for while a program that is ending holds them", async () => {
    const [port = 0] = await freePorts(1);
    const server = await listenOn(port);
    setTimeout(() => void close(server), 100);
    await untilFree([port]);
    await close(await listenOn(port));
  });

  it("are not waited for without end", async () => {
    const [port = 0] = await freePorts(1);
    const server = await listenOn(port);
    const start = performance.now();
    await untilFree([port], 100);
    assert.ok(performance.now() - start < 2_000);
    await close(server);
  });

  it("run out with a message that says where", async () => {
    const [from = 0] = await freePorts(1);
    await assert.rejects(
      freePorts(2, { from, to: from + 1 }),
      new RegExp(`No 2 free ports on 127\\.0\\.0\\.1 between ${from} and ${from + 1}`),
    );
  });
});
