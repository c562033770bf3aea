import assert from "node:assert/strict";
import type { Log } from "sarif";
import { command } from "../../cli/judge.js";
import { ExitCode } from "../../cli/mistake.js";
import { assertRefuses, istioEgress } from "./command.js";

interface Calls {
  calls: {
    clients: string[];
    call: { address: string; port: number };
    answer: string;
    way: string[];
    seen?: string;
  }[];
}

describe("istio-egress judge, given calls", function () {
  this.timeout(20_000);

  const one: [string, string, ExitCode, RegExp][] = [
    [
      "task",
      "default -> https://en.wikipedia.org:443 at my-wikipedia.default",
      ExitCode.Ok,
      /as-declared[\s\S]*1 ok\./,
    ],
    [
      "task",
      "without-istio -> http://my-httpbin.default.svc.cluster.local/headers",
      ExitCode.Ok,
      /PassthroughCluster/,
    ],
    [
      "wildcard",
      "shop -> https://en.wikipedia.org:443 at my-wikipedia.default",
      ExitCode.Violation,
      /istio-mutual-outside[\s\S]*Seen as: connection reset by peer/,
    ],
    ["tls-origination", "default -> https://httpbin.org:80", ExitCode.Ok, /PassthroughCluster/],
  ];
  for (const [example, call, code, printed] of one) {
    it(`answers "${call}" for examples/${example}.yaml`, async () => {
      const ending = await istioEgress(["judge", "-f", `examples/${example}.yaml`, "--call", call]);
      assert.match(ending.stdout, printed);
      for (const line of ending.stdout.split("\n")) assert.ok(line.length <= 100, line);
      assert.equal(ending.stderr, "");
      assert.equal(ending.code, code);
    });
  }

  it("adds the calls to all aliases to what it says of clusters", async () => {
    const { stdout, code } = await istioEgress(["judge", "examples/wildcard.yaml", "--calls"]);
    assert.match(stdout, /^verdict {2}.*rule$/m);
    assert.match(stdout, /^calls: 1 violation, 0 undecided, 1 ok\.$/m);
    assert.equal(code, ExitCode.Violation);
  });

  it("says it all in JSON and in SARIF", async () => {
    const files = ["judge", "examples/wildcard.yaml", "--calls"];
    const json = await istioEgress([...files, "--json"]);
    const { calls } = JSON.parse(json.stdout) as Calls;
    assert.deepEqual(
      calls.map(({ clients, answer }) => [clients, answer]),
      [
        [["default", "any other namespace"], "as-declared"],
        [["shop"], "istio-mutual-outside"],
      ],
    );
    const sarif = await istioEgress([...files, "--sarif"]);
    const [run] = (JSON.parse(sarif.stdout) as Log).runs;
    const found = run?.results?.filter(({ ruleId }) => ruleId === "egress-call") ?? [];
    assert.equal(found.length, 1);
    assert.match(found[0]?.message.text ?? "", /Istio's mutual TLS.*\n.*Seen as/s);
    assert.equal(
      found[0]?.locations?.[0]?.physicalLocation?.artifactLocation?.uri,
      "examples/wildcard.yaml",
    );
  });

  it("refuses what isn't a call, and an explanation of nothing", async () => {
    const file = ["-f", "examples/task.yaml"];
    await assertRefuses(
      command(),
      [...file, "--call", "shop"],
      /"shop" isn't a call\. Write CLIENT/,
    );
    await assertRefuses(command(), [...file, "--explain"], /--explain does nothing without --call/);
  });
});
