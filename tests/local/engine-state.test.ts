import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  dropDamagedMeta,
  hasResources,
  LostStateError,
  releaseLocks,
  soundState,
  stackPlaces,
} from "../../local/engine-state.js";
import { writeWhole } from "../../local/files.js";
import { Mistake } from "../../local/mistake.js";
import { eventually } from "./eventually.js";

const SALT = "v1:c2FsdHNhbHQ=:v1:bm9uY2Vub25jZW5v:c2VhbGVkc2VhbGVkc2VhbGVkc2VhbA==";

/** A state as the engine writes it, with one resource of that name. */
function state(name: string, pending: object[] = []): string {
  const urn = `urn:pulumi:dev::p::kubernetes:core/v1:Service::${name}`;
  const resources = [{ urn, type: "kubernetes:core/v1:Service", custom: true, inputs: {} }];
  const secrets_providers = { type: "passphrase", state: { salt: SALT } };
  const latest = { resources, secrets_providers, pending_operations: pending };
  return JSON.stringify({ version: 3, checkpoint: { stack: "organization/p/dev", latest } });
}

describe("the state of the embedded engine", () => {
  let home: string;
  let places: ReturnType<typeof stackPlaces>;
  beforeEach(() => {
    home = mkdtempSync(path.join(tmpdir(), "istio-egress-engine-"));
    places = stackPlaces(home, "p", "dev");
    for (const folder of [path.dirname(places.state), places.history, places.locks]) {
      mkdirSync(folder, { recursive: true });
    }
  });
  afterEach(() => rmSync(home, { recursive: true }));

  const names = () =>
    soundState(home, "p", "dev")?.resources.map(({ urn }) => urn.split("::").at(-1));

  it("is what was written last", () => {
    writeFileSync(places.state, state("now", [{ type: "creating", resource: serviceOf("new") }]));
    writeFileSync(`${places.state}.bak`, state("before"));
    const found = soundState(home, "p", "dev");
    assert.deepEqual(names(), ["now"]);
    assert.equal(found?.salt, SALT);
    assert.deepEqual(
      found.pending.map(({ type, resource }) => [type, resource.urn]),
      [["creating", "urn:new"]],
    );
  });

  it("is none where nothing was ever written", () => {
    assert.equal(soundState(home, "p", "dev"), undefined);
    assert.equal(soundState(home, "another", "dev"), undefined);
    assert.ok(!hasResources(home));
  });

  it("of a stack that was never updated is empty", () => {
    writeFileSync(places.state, '{"version":3,"checkpoint":{"stack":"organization/p/dev"}}');
    assert.deepEqual(soundState(home, "p", "dev"), { resources: [], pending: [] });
    assert.ok(!hasResources(home));
  });

  it("is read without what a fault has cut short of its attributes", () => {
    writeFileSync(places.state, state("now"));
    for (const [text, isLeft] of [
      ["", false],
      ['{"user.cache', false],
      ['{"md5":"abc="}', true],
    ] as const) {
      writeFileSync(`${places.state}.attrs`, text);
      assert.deepEqual(names(), ["now"]);
      assert.equal(existsSync(`${places.state}.attrs`), isLeft, text);
    }
  });

  const damages: [what: string, damage: (file: string) => void][] = [
    ["is gone", (file) => rmSync(file)],
    ["is empty", (file) => writeFileSync(file, "")],
    ["is cut short", (file) => writeFileSync(file, readFileSync(file, "utf8").slice(0, 80))],
    ["is null", (file) => writeFileSync(file, "null")],
    ["is something else", (file) => writeFileSync(file, '{"checkpoint":[]}')],
    ["has resources that are none", (file) => writeFileSync(file, withResources([null]))],
    ["is a folder", (file) => (rmSync(file), mkdirSync(file))],
  ];
  for (const [what, damage] of damages) {
    it(`that ${what} is restored from the newest whole copy of it, which is said`, () => {
      writeFileSync(places.state, state("now"));
      writeFileSync(`${places.state}.bak`, state("before"));
      damage(places.state);
      const copies: string[] = [];
      soundState(home, "p", "dev", (copy) => copies.push(copy));
      assert.deepEqual(copies, [`${places.state}.bak`]);
      assert.deepEqual(names(), ["before"]);
    });

    it(`that ${what}, as its copy does, is restored from the history`, () => {
      for (const file of [places.state, `${places.state}.bak`]) {
        writeFileSync(file, state("now"));
        damage(file);
      }
      const kept = (when: number) => path.join(places.history, `dev-${when}.checkpoint.json`);
      writeFileSync(kept(100), state("older"));
      writeFileSync(kept(200), state("newer"));
      writeFileSync(kept(300), "");
      soundState(home, "p", "dev");
      assert.deepEqual(names(), ["newer"]);
    });

    if (what === "is gone") continue;
    it(`that ${what} and has no whole copy is reported, with what to type`, () => {
      writeFileSync(places.state, state("now"));
      damage(places.state);
      assert.throws(
        () => soundState(home, "p", "dev"),
        (error: Error) => {
          assert.ok(error instanceof LostStateError && error instanceof Mistake);
          assert.match(
            error.message,
            /dev\.json is damaged, .* with {2}npm run down, .* npm run up/,
          );
          assert.equal(error.message.split("\n").length, 1);
          return true;
        },
      );
      assert.ok(hasResources(home), "it may have had some");
    });
  }

  it("is laid out as its meta.yaml says; a damaged one is dropped, and the engine writes it anew", () => {
    const meta = path.join(home, "backend/.pulumi/meta.yaml");
    for (const text of ["", "version:", "version: [", "null", "version: one"]) {
      writeFileSync(meta, text);
      dropDamagedMeta(home);
      assert.ok(!existsSync(meta), text);
    }
    writeFileSync(meta, "version: 1\n");
    dropDamagedMeta(home);
    assert.equal(readFileSync(meta, "utf8"), "version: 1\n");
  });

  it("loses the locks of updates that run no more, whatever is in them", () => {
    const stale = { pid: 2 ** 22 + 1, username: "me", hostname: "here" };
    const reused = { ...stale, pid: process.pid };
    for (const [name, text] of Object.entries({
      stale: JSON.stringify(stale),
      reused: JSON.stringify(reused),
      empty: "",
      cut: '{"pid":',
    })) {
      writeFileSync(path.join(places.locks, `${name}.json`), text);
    }
    releaseLocks(home, "p", "dev");
    assert.ok(!existsSync(places.locks));
    releaseLocks(home, "p", "dev");
  });

  it("keeps the lock of an update that runs, and says whose it is", async () => {
    // What counts is what the kernel calls the program.
    const pulumi = path.join(home, "pulumi");
    copyFileSync("/bin/sleep", pulumi);
    const child = spawn(pulumi, ["60"]);
    try {
      const running = { pid: child.pid, username: "me", hostname: "here" };
      writeFileSync(path.join(places.locks, "id.json"), JSON.stringify(running));
      await eventually(() => existsSync(`/proc/${child.pid}/comm`) || undefined);
      assert.throws(
        () => releaseLocks(home, "p", "dev"),
        (error: Error) => {
          assert.ok(error instanceof Mistake);
          assert.match(
            error.message,
            /^pulumi \(process \d+, of me@here\) works on stack dev: wait/,
          );
          return true;
        },
      );
      assert.deepEqual(readdirSync(places.locks), ["id.json"]);
    } finally {
      child.kill("SIGKILL");
    }
  });

  it("loses the lock of an update that was killed, though nobody has waited for it", async () => {
    const pulumi = path.join(home, "pulumi");
    copyFileSync("/bin/sleep", pulumi);
    // The sleep in the shell's place never waits for its child.
    const parent = spawn("sh", ["-c", `"${pulumi}" 60 & echo $!; exec sleep 60`]);
    try {
      const pid = await new Promise<number>((resolve) =>
        parent.stdout.once("data", (text: Buffer) => resolve(Number(text.toString()))),
      );
      const comm = `/proc/${pid}/comm`;
      await eventually(() => readFileSync(comm, "utf8") === "pulumi\n" || undefined);
      // The shell itself would still wait for it.
      const parentComm = `/proc/${parent.pid}/comm`;
      await eventually(() => readFileSync(parentComm, "utf8") === "sleep\n" || undefined);
      process.kill(pid, "SIGKILL");
      await eventually(
        () => /^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8")) || undefined,
      );
      assert.equal(readFileSync(comm, "utf8"), "pulumi\n");
      const lock = JSON.stringify({ pid, username: "me", hostname: "here" });
      writeFileSync(path.join(places.locks, "id.json"), lock);
      releaseLocks(home, "p", "dev");
      assert.ok(!existsSync(places.locks));
    } finally {
      parent.kill("SIGKILL");
    }
  });

  it("is written at once or not at all", () => {
    const file = path.join(home, "new/file");
    writeWhole(file, "whole");
    rmSync(file);
    mkdirSync(path.join(file, "in its place"), { recursive: true });
    writeWhole(file, "again");
    assert.equal(readFileSync(file, "utf8"), "again");
    assert.deepEqual(readdirSync(path.dirname(file)), ["file"]);
  });
});

function serviceOf(name: string) {
  return { urn: `urn:${name}`, type: "kubernetes:core/v1:Service", custom: true };
}

function withResources(resources: unknown[]): string {
  return JSON.stringify({ version: 3, checkpoint: { latest: { resources } } });
}
