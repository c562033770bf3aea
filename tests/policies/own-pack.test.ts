import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Client, credentials } from "@grpc/grpc-js";
import { AnalyzerService } from "@pulumi/pulumi/proto/analyzer_grpc_pb.js";
import { type AnalyzerInfo, EnforcementLevel } from "@pulumi/pulumi/proto/analyzer_pb.js";
import { type ResultPromise, execa } from "execa";
import { rules } from "../../policies/rules/index.js";

const REPOSITORY = path.join(__dirname, "../..");

describe("a pack of one's own in code", function () {
  this.timeout(60_000);
  let folder: string;
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), "istio-egress-own-pack-"));
    writeFileSync(path.join(folder, "package.json"), '{ "version": "9.9.9" }');
  });
  after(() => rmSync(folder, { recursive: true }));

  /** Runs a program that has the pack's class in its hands. */
  function start(program: string): ResultPromise<{ reject: false }> {
    const pack = path.join(REPOSITORY, "policies/pack.ts");
    const code = `const { EgressPolicyPack } = require(${JSON.stringify(pack)});\n${program}`;
    const register = path.join(REPOSITORY, "register.cjs");
    return execa("node", ["--require", register, "-e", code], { cwd: folder, reject: false });
  }

  /** What the engine learns about a pack when it has started. */
  async function infoOf(program: string): Promise<AnalyzerInfo.AsObject> {
    const running = start(program);
    for await (const port of running) {
      // Leaving the loop waits for the process, so it must have been told to end by then.
      return await ask(String(port)).finally(() => running.kill());
    }
    throw new Error(String((await running).stderr));
  }

  function ask(port: string): Promise<AnalyzerInfo.AsObject> {
    const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
    const { path, responseDeserialize } = AnalyzerService.getAnalyzerInfo;
    // The question is a message without fields, which has no bytes.
    const empty = () => Buffer.alloc(0);
    return new Promise<AnalyzerInfo.AsObject>((resolve, reject) => {
      client.makeUnaryRequest(path, empty, responseDeserialize, {}, (error, info) =>
        error ? reject(error) : resolve(info!.toObject()),
      );
    }).finally(() => client.close());
  }

  it("bears the program's version, the name it is given, every rule, and levels as a file would set them", async () => {
    const info = await infoOf(
      'new EgressPolicyPack({ levels: { "egress-undecided-tls": "mandatory" } }, "ours");',
    );
    assert.equal(info.name, "ours");
    assert.equal(info.version, "9.9.9");
    assert.deepEqual(
      info.policiesList.map(({ name }) => name),
      rules.map(({ metadata }) => metadata.name),
    );
    assert.deepEqual(
      info.initialconfigMap.map(([name, { enforcementlevel }]) => [name, enforcementlevel]),
      [["egress-undecided-tls", EnforcementLevel.MANDATORY]],
    );
  });

  it("doesn't start with settings that can't be used", async () => {
    const { exitCode, stderr } = await start(
      'new EgressPolicyPack({ clusterCidrs: ["10.0.0.0"] });',
    );
    assert.notEqual(exitCode, 0);
    assert.match(String(stderr), /clusterCidrs\.0: an address range such as 10\.0\.0\.0\/8/);
  });
});
