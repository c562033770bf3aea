import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { Readable, Writable } from "node:stream";
import { judgeLines } from "../../cli/judge-lines.js";
import { ExitCode } from "../../cli/mistake.js";
import { Progress } from "../../cli/progress.js";
import { REPOSITORY } from "./command.js";

interface Answer {
  id: unknown;
  clients?: unknown;
  effective?: Record<string, unknown>[];
  verdicts?: Record<string, unknown>[];
  error?: string;
}

function answers(lines: readonly string[], facts = {}) {
  return answersTo(Readable.from(lines.map((line) => `${line}\n`)), facts);
}

async function answersTo(
  input: Readable,
  facts = {},
): Promise<{ code: ExitCode; answers: Answer[] }> {
  const chunks: string[] = [];
  const output = new Writable({
    write(chunk: Buffer, _, done) {
      chunks.push(chunk.toString());
      done();
    },
  });
  const code = await judgeLines(input, output, facts, new Progress());
  return { code, answers: chunks.map((chunk) => JSON.parse(chunk) as Answer) };
}

const MESHES = readFileSync(path.join(REPOSITORY, "examples/meshes.jsonl"), "utf8")
  .trimEnd()
  .split("\n");
const WIKIPEDIA = "my-wikipedia.default.svc.cluster.local";

describe("meshes by the line", () => {
  it("are answered with every cluster that istiod would send, and no other", async () => {
    const { code, answers: given } = await answers(MESHES);
    const plain = { port: 443, subset: "", rule: "default/my-wikipedia" };
    assert.deepEqual(
      given.map(({ id, effective }) => ({ id, effective })),
      [
        // The ExternalName has no cluster in a new Istio.
        { id: "task", effective: [{ client: 0, host: WIKIPEDIA, ...plain, tls: "PLAIN" }] },
        {
          id: "violation",
          effective: [0, 1].map((client) => ({
            client,
            host: WIKIPEDIA,
            ...plain,
            tls: "ISTIO_MUTUAL",
          })),
        },
        {
          id: "old-istio",
          effective: [
            {
              client: 0,
              host: "my-httpbin.default.svc.cluster.local",
              port: 80,
              subset: "",
              tls: "PLAIN",
              rule: "default/my-httpbin",
            },
          ],
        },
      ],
    );
    assert.equal(code, ExitCode.Ok);
  });

  it("are answered with a verdict for each alias, client, port and subset", async () => {
    const { answers: given } = await answers(MESHES.slice(1, 2));
    const verdicts = given[0]?.verdicts?.map((verdict) => ({
      ...verdict,
      message: typeof verdict.message,
    }));
    const common = {
      alias: "default/my-wikipedia",
      host: WIKIPEDIA,
      port: 443,
      subset: "",
      verdict: "violation",
      kind: "live",
      rule: "default/my-wikipedia",
      message: "string",
    };
    assert.deepEqual(verdicts, [
      { ...common, client: 0 },
      { ...common, client: 1 },
    ]);
  });

  it("leave out the rule where none decides", async () => {
    const line = JSON.parse(MESHES[0] ?? "") as { objects: { kind: string }[] };
    const objects = line.objects.filter(({ kind }) => kind !== "DestinationRule");
    const { answers: given } = await answers([JSON.stringify({ ...line, objects })]);
    assert.deepEqual(given[0]?.effective, [
      { client: 0, host: WIKIPEDIA, port: 443, subset: "", tls: "AUTO" },
    ]);
  });

  it("name the clients that were judged where the line named none", async () => {
    const line = JSON.parse(MESHES[1] ?? "") as { clients?: unknown };
    const { answers: given } = await answers([
      MESHES[1] ?? "",
      JSON.stringify({ ...line, clients: undefined }),
    ]);
    assert.ok(given[0] && !("clients" in given[0]));
    assert.deepEqual(given[1]?.clients, [
      { namespace: "default" },
      { namespace: "any other namespace" },
    ]);
  });

  it("open lists and go by creation times where they are given", async () => {
    const host = WIKIPEDIA;
    const rule = (name: string, mode: string, creationTimestamp: string) => ({
      metadata: { name, namespace: "default", creationTimestamp },
      spec: { host, trafficPolicy: { tls: { mode } } },
    });
    const { objects } = JSON.parse(MESHES[1] ?? "") as { objects: { kind: string }[] };
    const list = {
      apiVersion: "networking.istio.io/v1",
      kind: "DestinationRuleList",
      items: [
        rule("a", "ISTIO_MUTUAL", "2024-05-02T00:00:00Z"),
        rule("b", "DISABLE", "2024-05-01T00:00:00Z"),
      ],
    };
    const line = {
      objects: [...objects.filter(({ kind }) => kind !== "DestinationRule"), list],
      clients: [{ namespace: "default" }],
    };
    const { answers: given } = await answers([JSON.stringify(line)]);
    assert.deepEqual(given[0]?.effective, [
      { client: 0, host, port: 443, subset: "", tls: "PLAIN", rule: "default/b" },
    ]);
  });

  it("go on after a line that can't be read, and end with exit 2", async () => {
    const { code, answers: given } = await answers([
      "nope",
      "",
      '{"id":7,"objects":3}',
      MESHES[0] ?? "",
    ]);
    assert.deepEqual(
      given.map(({ id, error }) => [id, error?.replace(/: (not JSON|objects).*/, ": $1")]),
      [
        [null, "line 1: not JSON"],
        [7, "line 3: objects"],
        ["task", undefined],
      ],
    );
    assert.equal(code, ExitCode.BadInput);
  });

  it("take their facts from the command line where they give none", async () => {
    const { objects, clients } = JSON.parse(MESHES[0] ?? "") as Record<string, unknown>;
    const hosts = ({ effective = [] }: Answer) => effective.map(({ host }) => host);
    const { answers: given } = await answers(
      [JSON.stringify({ objects, clients }), MESHES[0] ?? ""],
      {
        istioVersion: "1.19",
      },
    );
    assert.deepEqual(
      given.map((answer) => hosts(answer).length),
      [2, 1],
    );
  });

  it("come one after another: each is answered before the next one is read", async function () {
    this.timeout(20_000);
    const child = spawn(process.execPath, ["cli/launch.cjs", "judge", "--json-lines"], {
      cwd: REPOSITORY,
      stdio: ["pipe", "pipe", "inherit"],
    });
    const received = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    for (const [index, id] of ["task", "violation", "old-istio"].entries()) {
      child.stdin.write(`${MESHES[index]}\n`);
      const { value } = (await received.next()) as IteratorResult<string, string>;
      assert.equal((JSON.parse(value) as Answer).id, id);
    }
    child.stdin.end();
    assert.deepEqual(await once(child, "close"), [ExitCode.Ok, null]);
  });

  it("are read no faster than their answers are taken", async () => {
    let [asked, written, ahead] = [0, 0, 0];
    function* manyLines() {
      for (; asked < 300; asked++) {
        ahead = Math.max(ahead, asked - written);
        yield `${MESHES[asked % MESHES.length]}\n`;
      }
    }
    const slow = new Writable({
      highWaterMark: 1,
      write(_chunk, _encoding, done) {
        written++;
        setImmediate(done);
      },
    });
    const input = Readable.from(manyLines(), { highWaterMark: 1 });
    await judgeLines(input, slow, {}, new Progress());
    assert.equal(written, 300);
    assert.ok(ahead <= 10, `${ahead} lines were held`);
  });

  it("may be longer than what is read at once", async () => {
    const { id, ...line } = JSON.parse(MESHES[0] ?? "") as Record<string, unknown>;
    const long = JSON.stringify({ id, note: "ü".repeat(300_000), ...line });
    const bytes = Buffer.from(`${long}\r\n${long}`);
    const chunks = Array.from({ length: Math.ceil(bytes.length / 65_537) }, (_, index) =>
      bytes.subarray(index * 65_537, (index + 1) * 65_537),
    );
    const { answers: given } = await answersTo(Readable.from(chunks));
    assert.deepEqual(
      given.map(({ id, error }) => [id, error]),
      [
        ["task", undefined],
        ["task", undefined],
      ],
    );
  });
});
