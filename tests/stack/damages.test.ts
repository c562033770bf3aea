import assert from "node:assert/strict";
import {
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
  statSync,
} from "node:fs";
import path from "node:path";
import { stackPlaces } from "../../local/engine-state.js";
import { credentialFiles } from "../../local/credentials.js";
import { planeFiles } from "../../local/part.js";
import { ensureToolchain } from "../../local/toolchain/index.js";
import { Checkout } from "./checkout.js";
import { onSmallDisk } from "./smallDisk.js";

const PROJECT = "istio-egress";

describe("the embedded mesh and its engine, damaged, on real parts", function () {
  this.timeout(300_000);

  let checkout: Checkout;
  let home: string;
  before(async () => {
    await ensureToolchain();
    checkout = new Checkout();
    home = checkout.file(".state/engine");
  });
  after(() => checkout?.remove());

  const cutShort = (file: string) => truncateSync(file, Math.floor(statSync(file).size / 2));
  const assertUp = ({ exitCode, output }: { exitCode: number; output: string }) => {
    assert.equal(exitCode, 0, output);
    assert.match(output, /^All \d+ are as Pulumi\.dev\.yaml declares\.$/m);
  };

  it("two that bring it up at once: the second waits for the first, and says so", async () => {
    const both = await Promise.all([checkout.run("up"), checkout.run("up")]);
    both.forEach(assertUp);
    const waited = both.filter(({ output }) =>
      /^Another command \(process \d+\) works on this checkout's mesh; waiting for it\.$/m.test(
        output,
      ),
    );
    assert.equal(waited.length, 1);
    assert.match(waited[0]!.output, /^ +\d+ unchanged$/m);
  });

  it("another stack that declares the same objects is refused, and nothing is changed", async () => {
    const { state } = stackPlaces(home, PROJECT, "dev");
    const before = readFileSync(state, "utf8");
    const { exitCode, output } = await checkout.run("up", "--stack", "staging");
    assert.equal(exitCode, 2, output);
    assert.match(
      output,
      /^istio-egress: stack staging declares what stack dev has made in this mesh: \S+ \S+, .* and \d+ more\. Nothing was changed\. Take dev away with {2}npm run down,/m,
    );
    assert.equal(readFileSync(state, "utf8"), before);
  });

  it("a disk without room for the state: up says so; with room, and without attributes of the state, up heals", async () => {
    const file = checkout.file("Pulumi.dev.yaml");
    writeFileSync(file, readFileSync(file, "utf8").replace("httpbin.org\n", "www.httpbin.org\n"));
    const { state } = stackPlaces(home, PROJECT, "dev");
    const said = await onSmallDisk(
      home,
      `room_left 24; run up; echo ---; room 65536; : > "${state}.attrs"; run up`,
      checkout.folder,
    );
    const [full = "", healed = ""] = said.split("\n---\n");
    assert.match(
      full,
      /^istio-egress: the disk that holds \S+\/engine is full: free some space, then type the same again\.\nexit 2$/m,
    );
    assert.doesNotMatch(full, /^\s+at /m);
    assert.doesNotMatch(full, / deleted /);
    assertUp({ exitCode: Number(/^exit (\d+)$/m.exec(healed)?.[1]), output: said });
    assert.match(
      healed,
      /^ok {2}Service default\/my-httpbin +ExternalName <none> www\.httpbin\.org/m,
    );
  });

  it("a state that is cut short, a salt that is gone, an empty meta.yaml and a lock: up heals", async () => {
    const { state, locks } = stackPlaces(home, PROJECT, "dev");
    cutShort(state);
    rmSync(path.join(home, "stacks", PROJECT, "Pulumi.dev.yaml"));
    writeFileSync(path.join(home, "backend/.pulumi/meta.yaml"), "");
    mkdirSync(locks, { recursive: true });
    writeFileSync(path.join(locks, "left.json"), '{"pid":1,"username":"me","hostname":"here"}');
    const run = await checkout.run("up");
    assertUp(run);
    assert.match(
      run.output,
      /^What the engine knew of stack dev was damaged; going on from \S+\.bak\.$/m,
    );
  });

  it("a folder in the record's place, and half a kubeconfig: up heals, and keeps the data", async () => {
    const { record, credentials } = planeFiles(checkout.planeState);
    cutShort(credentialFiles(credentials).kubeconfigs.admin);
    const status = await checkout.run("verify");
    assert.equal(status.exitCode, 2, status.output);
    assert.match(status.output, /broken: credentials are damaged\.\nRepair it with {2}npm run up,/);
    rmSync(record);
    mkdirSync(record);
    const run = await checkout.run("up");
    assertUp(run);
    assert.match(run.output, /^ +\d+ unchanged$/m);
  });

  it("all that the engine knew is gone: up takes over what is there", async () => {
    rmSync(home, { recursive: true });
    assertUp(await checkout.run("up"));
  });

  it("the mesh's folder is gone: up makes a new one, with the stack in it", async () => {
    rmSync(checkout.planeState, { recursive: true });
    const run = await checkout.run("up");
    assertUp(run);
    assert.match(
      run.output,
      /^This is a new mesh; what the engine knew of the one before is forgotten\.$/m,
    );
  });

  it("the passphrase is gone: up says in a line what to type, and that heals", async () => {
    rmSync(path.join(home, "passphrase"));
    const { exitCode, output } = await checkout.run("up");
    assert.equal(exitCode, 2, output);
    assert.match(
      output,
      /^istio-egress: \S+\/passphrase is gone, .* down with {2}npm run down, .* with {2}npm run up\.$/m,
    );
    assert.doesNotMatch(output, /^\s+at /m);
    const down = await checkout.run("down");
    assert.equal(down.exitCode, 0, down.output);
    assert.deepEqual(
      readdirSync(checkout.folder).filter((name) => name === ".state"),
      [],
    );
  });

  it("down beside up: each does its work, one after the other", async () => {
    const [up, down] = await Promise.all([checkout.run("up"), checkout.run("down")]);
    assert.equal(down.exitCode, 0, down.output);
    assertUp(up);
    assert.equal((await checkout.run("down")).exitCode, 0);
    assert.deepEqual(
      readdirSync(checkout.folder).filter((name) => name === ".state"),
      [],
    );
  });

  it("a disk without room for the mesh: up says so in a line, and leaves nothing", async () => {
    const state = checkout.file(".state");
    const said = await onSmallDisk(
      state,
      'room 8192; run up; run down; room 64; head -c 64K /dev/zero > "$disk/other"; run up; rm "$disk/other"; ls -A "$disk"',
      checkout.folder,
    );
    assert.deepEqual(
      said.split("\n").filter((line) => !/ \(\d+\.\d s\)$/.test(line)),
      [
        `istio-egress: the disk that holds ${state}/plane is full: free some space, then type the same again. ` +
          `(etcd has ended; its log is ${state}/plane/logs/etcd.log.)`,
        "exit 2",
        "Down: no process, port or file is left.",
        "exit 0",
        `istio-egress: the disk is full: free some space, then type the same again. ENOSPC: no space left on device, ${/write '\S+'/.exec(said)?.[0]}`,
        "exit 2",
      ],
    );
  });
});
