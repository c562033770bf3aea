import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Grounds, groundsFile } from "../../policies/grounds.js";
import { egressPolicies } from "../../policies/pack.js";
import { SNAPSHOT_VARIABLE } from "../../policies/snapshot.js";
import { preview } from "../harness/index.js";
import { told } from "./engine.js";
import { WIKIPEDIA, rule, stackOf, tls } from "./stacks.js";

const HOST = "my-wikipedia.default.svc.cluster.local";
const WAIVED = { alias: "default/my-wikipedia", who: "team", why: "moves", until: "2027-01-31" };

describe("what the pack's answers rest on", () => {
  let folder: string;
  let file: string;

  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), "grounds-"));
    file = path.join(folder, "snapshot.json");
    process.env[SNAPSHOT_VARIABLE] = file;
  });
  after(() => {
    delete process.env[SNAPSHOT_VARIABLE];
    rmSync(folder, { recursive: true });
  });

  it("is left beside the snapshot: levels, and the waivers that covered something", async () => {
    const levels = { "egress-inert-rule": "disabled" } as const;
    const waivers = [WAIVED, { ...WAIVED, alias: "default/another" }];
    const now = () => new Date("2027-01-01T00:00:00Z");
    const policies = egressPolicies({ waivers }, now, () => told({ levels }));
    const stack = stackOf(WIKIPEDIA, rule("r", HOST, tls("ISTIO_MUTUAL")));
    assert.deepEqual(await preview(policies, stack, { way: "proxied" }), []);
    assert.deepEqual(JSON.parse(readFileSync(groundsFile(file), "utf8")) as Grounds, {
      waivers: ["The waiver for alias default/my-wikipedia (team, until 2027-01-31)"],
      levels,
    });
  });
});
