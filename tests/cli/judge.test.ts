import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Log } from "sarif";
import { command } from "../../cli/judge.js";
import { ExitCode } from "../../cli/mistake.js";
import { assertIsMistake, assertRefuses, istioEgress, REPOSITORY } from "./command.js";

/** UPDATE_GOLDEN=1 writes what is printed now; the diff is then what is reviewed. */
function golden(name: string, printed: string): string {
  const file = path.join(__dirname, "golden", `${name}.txt`);
  if (process.env.UPDATE_GOLDEN) writeFileSync(file, printed);
  return readFileSync(file, "utf8");
}

describe("istio-egress judge", function () {
  this.timeout(20_000);

  const examples: Record<string, ExitCode> = {
    task: ExitCode.Ok,
    "tls-origination": ExitCode.Ok,
    "dead-host": ExitCode.Ok,
    violation: ExitCode.Violation,
    upgrade: ExitCode.Ok,
    wildcard: ExitCode.Violation,
    "subset-port": ExitCode.Violation,
    "unknown-order": ExitCode.Undecided,
  };
  for (const [name, code] of Object.entries(examples)) {
    it(`answers examples/${name}.yaml with ${ExitCode[code]} and its golden text, in 100 columns`, async () => {
      const ending = await istioEgress(["judge", "-f", `examples/${name}.yaml`]);
      assert.equal(ending.stdout, golden(name, ending.stdout));
      for (const line of ending.stdout.split("\n")) assert.ok(line.length <= 100, line);
      assert.equal(ending.stderr, "");
      assert.equal(ending.code, code);
    });
  }

  it("has a golden text for every example", () => {
    const names = readdirSync(path.join(REPOSITORY, "examples"))
      .filter((file) => file.endsWith(".yaml"))
      .map((file) => path.basename(file, ".yaml"));
    assert.deepEqual(names.sort(), Object.keys(examples).sort());
  });

  it("judges for the clients that the options name, gateways too", async () => {
    const { stdout, code } = await istioEgress([
      ...["judge", "examples/wildcard.yaml", "--json"],
      ...[
        "--client",
        "default:app=web,tier=front",
        "--client",
        "other",
        "--gateway",
        "istio-system",
      ],
    ]);
    assert.equal(code, ExitCode.Ok);
    const { clients } = JSON.parse(stdout) as { clients: unknown };
    assert.deepEqual(clients, [
      { namespace: "default", labels: { app: "web", tier: "front" } },
      { namespace: "other" },
      { namespace: "istio-system", gateway: true },
    ]);
  });

  it("takes the facts of the mesh: the task's alias has a cluster of its own on an old Istio", async () => {
    const host = "my-httpbin.default.svc.cluster.local";
    const tls = async (...facts: string[]) => {
      const args = ["judge", "-f", "examples/task.yaml", "--json", "--client", "default", ...facts];
      const { verdicts } = JSON.parse((await istioEgress(args)).stdout) as {
        verdicts: { host: string; tls?: string }[];
      };
      return verdicts.find((verdict) => verdict.host === host)?.tls;
    };
    assert.equal(await tls(), undefined);
    assert.equal(await tls("--istio-version", "1.19"), "PLAIN");
  });

  it("reads standard input, directories and several files as one mesh", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "istio-egress-judge-"));
    try {
      const [service, endpoints, rule] = readFileSync(
        path.join(REPOSITORY, "examples/violation.yaml"),
        "utf8",
      ).split("---\n");
      mkdirSync(path.join(folder, "below"));
      writeFileSync(path.join(folder, "service.yaml"), service ?? "");
      writeFileSync(path.join(folder, "below/endpoints.yml"), endpoints ?? "");
      writeFileSync(path.join(folder, "below/README.md"), "not: [yaml");
      const { code, stdout } = await istioEgress(["judge", "-f", folder, "-"], { input: rule });
      assert.match(stdout, /^violation +default\/my-wikipedia/m);
      assert.equal(code, ExitCode.Violation);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("writes SARIF that points into the file", async () => {
    const { code, stdout } = await istioEgress([
      "judge",
      "-f",
      "examples/violation.yaml",
      "--sarif",
    ]);
    const { runs } = JSON.parse(stdout) as Log;
    const place = runs[0]?.results?.[0]?.locations?.[0]?.physicalLocation;
    assert.equal(place?.artifactLocation?.uri, "examples/violation.yaml");
    const line = readFileSync(path.join(REPOSITORY, "examples/violation.yaml"), "utf8").split("\n")[
      (place?.region?.startLine ?? 0) - 1
    ];
    assert.equal(line?.trim(), "mode: ISTIO_MUTUAL");
    assert.equal(code, ExitCode.Violation);
  });

  it("has nothing to say against a stack without external aliases", async () => {
    const { code, stdout } = await istioEgress(["judge", "-"]);
    assert.match(stdout, /^No external alias here, so nothing to judge: 0 objects read\.$/m);
    assert.equal(code, ExitCode.Ok);
  });

  const mistakes: [story: string, args: string[], input: string, message: RegExp][] = [
    [
      "nothing to judge",
      [],
      "",
      /nothing to judge: give -f FILES, -f - for standard input, or --kube/,
    ],
    ["broken YAML", ["-f", "-"], "a: b\n  c: d\n", /standard input:2:4: not YAML/],
    [
      "a Helm template",
      ["-f", "-"],
      "kind: {{ .x }}\n",
      /standard input:1:7: this is a Helm template/,
    ],
    ["an unknown option", ["--jsonn"], "", /unknown option '--jsonn'\n\(Did you mean --json\?\)/],
    [
      "no cluster to read",
      ["--kube"],
      "",
      /no cluster is chosen: set KUBECONFIG, or give --kubeconfig FILE/,
    ],
  ];
  for (const [story, args, input, message] of mistakes) {
    it(`answers ${story} with one message and exit 2`, async () => {
      const ending = await istioEgress(["judge", ...args], { input });
      assertIsMistake(ending, message);
      assert.equal(ending.stdout, "");
    });
  }

  // The same way out as above, so these needn't each start a process.
  const refused: [story: string, args: string[], message: RegExp][] = [
    [
      "a file that isn't there",
      ["-f", "nope.yaml"],
      /nope\.yaml: there is no such file or directory/,
    ],
    [
      "a directory without manifests",
      ["-f", "local/toolchain/actionlint"],
      /no \.yaml, \.yml or \.json file/,
    ],
    ["two formats", ["--json", "--sarif", "-"], /'--json' cannot be used with option '--sarif'/],
    [
      "a client that isn't one",
      ["--client", "Shop", "-"],
      /--client.*'Shop' is invalid\. Write NAMESPACE/,
    ],
    [
      "a label that isn't one",
      ["--client", "shop:app", "-"],
      /"app" isn't a label: write key=value/,
    ],
    [
      "a version that isn't one",
      ["--istio-version", "2.7", "-"],
      /"2\.7" isn't a version of Istio; write one such as "1\.31"/,
    ],
    [
      "a range that isn't one",
      ["--cluster-cidr", "10.0.0.0", "-"],
      /Write a range such as "10\.96\.0\.0\/12"/,
    ],
    ["a cluster and files", ["--kube", "-f", "x.yaml"], /'--kube' cannot be used with option '-f/],
    [
      "a cluster and a file by name alone",
      ["--kube", "x.yaml"],
      /a live cluster or files, not both: give --kube or x\.yaml/,
    ],
    [
      "a context without a cluster",
      ["--context", "staging", "-f", "x.yaml"],
      /--context does nothing without --kube/,
    ],
    [
      "a kubeconfig without a cluster",
      ["--kubeconfig", "x", "-"],
      /--kubeconfig does nothing without --kube/,
    ],
    [
      "a kubeconfig that isn't there",
      ["--kube", "--kubeconfig", "nope"],
      /nope: can't be read as a kubeconfig/,
    ],
    ["to watch files", ["--watch", "-f", "examples"], /--watch does nothing without --kube/],
    [
      "to watch for SARIF",
      ["--kube", "--watch", "--sarif"],
      /'--watch' cannot be used with .*--sarif/,
    ],
    [
      "metrics of one answer",
      ["--kube", "--metrics-port", "0"],
      /--metrics-port does nothing without --watch/,
    ],
    [
      "a port that is none",
      ["--kube", "--watch", "--metrics-port", "x"],
      /Write a port such as 9090/,
    ],
    [
      "clients for lines that name their own",
      ["--json-lines", "--client", "a"],
      /whose lines name their clients/,
    ],
    [
      "lines from a file that isn't there",
      ["--json-lines", "nope.jsonl"],
      /nope\.jsonl: there is no such file/,
    ],
  ];
  for (const [story, args, message] of refused) {
    it(`refuses ${story}`, async () => {
      await assertRefuses(command(), args, message);
    });
  }
});
