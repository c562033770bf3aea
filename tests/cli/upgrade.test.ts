import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseAllDocuments, stringify } from "yaml";
import { ExitCode } from "../../cli/mistake.js";
import { command } from "../../cli/upgrade.js";
import { exitCodeOf, type Upgrade } from "../../cli/upgrade/report.js";
import type { Effect, KubeObject } from "../../mesh/index.js";
import { assertRefuses } from "./command.js";
import { EXCLUSION, OWN_ENTRY, PARTNER } from "../mesh/upgrade/objects.js";

const EXAMPLE = ["-f", "examples/upgrade.yaml"];

/** Runs the command in this process, on a file with these objects. */
async function upgrade(args: string[], objects?: readonly KubeObject[]) {
  const folder = mkdtempSync(path.join(tmpdir(), "istio-egress-upgrade-"));
  const file = path.join(folder, "objects.yaml");
  writeFileSync(file, (objects ?? []).map((object) => stringify(object)).join("---\n"));
  const write = process.stdout.write.bind(process.stdout);
  let stdout = "";
  try {
    process.stdout.write = (text) => {
      stdout += String(text);
      return true;
    };
    await command().parseAsync([...args, ...(objects ? ["-f", file] : [])], { from: "user" });
    return { code: process.exitCode, stdout };
  } finally {
    process.stdout.write = write;
    process.exitCode = undefined;
    rmSync(folder, { recursive: true });
  }
}

describe("istio-egress upgrade", function () {
  this.timeout(120_000);

  it("says what breaks, and writes what can be applied before", async () => {
    const { code, stdout } = await upgrade(["--from", "v1.20", ...EXAMPLE]);
    assert.equal(code, ExitCode.Violation, stdout);
    assert.match(stdout, /^Istio 1\.20 → 1\.31$/m);
    assert.match(
      stdout,
      /^breaks +shop\/partner-api +any other namespace +80 +TLS: SIMPLE → no cluster +1\.21$/m,
    );
    assert.match(
      stdout,
      /Under 1\.31 nothing follows DestinationRule shop\/partner-api any more: delete it/,
    );
    const written = stdout
      .split("\n")
      .filter((line) => line.startsWith("  ") && !line.startsWith("   "));
    assert.ok(written.includes("  kind: ServiceEntry"), stdout);
  });

  it("writes YAML that makes the upgrade change nothing that matters", async () => {
    const { stdout } = await upgrade(["--from", "1.20", "--format", "markdown"], PARTNER);
    const [, yaml = ""] = /```yaml\n([^]*?)```/.exec(stdout) ?? [];
    const edits = parseAllDocuments(yaml).map((document) => document.toJSON() as KubeObject);
    assert.deepEqual(
      edits.map(({ kind }) => kind),
      ["ServiceEntry", "DestinationRule"],
    );
    const after = await upgrade(["--from", "1.20"], [...PARTNER, ...edits]);
    assert.equal(after.code, ExitCode.Ok, after.stdout);
    assert.match(after.stdout, /^0 break, 0 undecided, \d change/m);
  });

  it("goes minor version by minor version, and says which one it is", async () => {
    const args = ["--from", "1.22", "--to", "1.25", "--through", "--format", "json"];
    const { code, stdout } = await upgrade(args, OWN_ENTRY);
    const { rehearsals } = JSON.parse(stdout) as Upgrade;
    assert.deepEqual(
      rehearsals.map(({ from, to, changes }) => [
        from,
        to,
        changes.some(({ effect }) => effect === "breaks"),
      ]),
      [
        ["1.22", "1.23", false],
        ["1.23", "1.24", true],
        ["1.24", "1.25", false],
      ],
    );
    assert.equal(code, ExitCode.Violation);
  });

  it("says what nothing was found for", async () => {
    const { code, stdout } = await upgrade(["--from", "1.30"], EXCLUSION);
    assert.match(stdout, /Nothing that was tried keeps every call to Service shop\/db/);
    assert.equal(code, ExitCode.Violation);
  });

  it("says that nothing changes, and what is less sure", async () => {
    const { code, stdout } = await upgrade(["--from", "1.23", "-f", "examples/task.yaml"]);
    assert.equal(code, ExitCode.Ok);
    assert.match(stdout, /^Istio 1\.31 makes of every call what 1\.23 does; \d+ calls in all\.$/m);
    assert.match(stdout, /note: Istio 1\.23 is judged by its source/);
  });

  it("reads a cluster's version from the cluster", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "istio-egress-upgrade-"));
    const istiod = {
      metadata: { name: "istiod-1", namespace: "istio-system", labels: { app: "istiod" } },
      spec: { containers: [{ image: "istio/pilot:1.20.8" }] },
    };
    const [service, rule] = PARTNER;
    const lists: Record<string, unknown[]> = {
      pods: [istiod],
      services: [service!],
      destinationrules: [rule!],
    };
    const kinds: Record<string, string> = {
      pods: "Pod",
      services: "Service",
      destinationrules: "DestinationRule",
    };
    const server = createServer(({ url = "" }, response) => {
      const plural = url.replace(/\?.*/, "").split("/").at(-1)!;
      const isThere = !url.includes("/configmaps/");
      response.statusCode = isThere ? 200 : 404;
      response.end(
        JSON.stringify({ kind: `${kinds[plural] ?? ""}List`, items: lists[plural] ?? [] }),
      );
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      const { port } = server.address() as AddressInfo;
      const cluster = { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true };
      const kubeconfig = path.join(folder, "kubeconfig");
      const contexts = [{ name: "c", context: { cluster: "c" } }];
      writeFileSync(
        kubeconfig,
        stringify({ clusters: [{ name: "c", cluster }], contexts, "current-context": "c" }),
      );
      const { code, stdout } = await upgrade(["--kube", "--kubeconfig", kubeconfig]);
      assert.match(stdout, /^Istio 1\.20 → 1\.31$/m);
      assert.equal(code, ExitCode.Violation);
    } finally {
      server.closeAllConnections();
      server.close();
      rmSync(folder, { recursive: true });
    }
  });

  const mistakes: [args: string[], message: RegExp][] = [
    [EXAMPLE, /doesn't say which Istio runs today: write --from/],
    [["--from", "1.22"], /nothing to look at/],
    [
      ["--from", "1.22", "--to", "1.22", ...EXAMPLE],
      /--to 1\.22 is the version that it is an upgrade from/,
    ],
    [["--from", "latest", ...EXAMPLE], /"latest" isn't a version of Istio/],
    [["--from", "v2", ...EXAMPLE], /"v2" isn't a version of Istio/],
    [
      ["--from", "1.22", "--to", "1.99", "--through", ...EXAMPLE],
      /--to 1\.99: nothing is known of that version; the newest one that is judged is 1\.31/,
    ],
    [
      ["--from", "1.22", "-f", "/dev/null"],
      /\/dev\/null: there is no Kubernetes object, so nothing to rehearse/,
    ],
    [["--from", "1.22", "--deployed", ...EXAMPLE], /--deployed does nothing without --stack/],
    [["--from", "1.22", "--context", "c", ...EXAMPLE], /--context does nothing without --kube/],
    [["--from", "1.22", "--kube", "a.yaml"], /a stack, a cluster or files/],
    [["--from", "1.22", "--kube", ...EXAMPLE], /cannot be used with/],
  ];
  for (const [args, message] of mistakes) {
    it(`refuses ${args.join(" ")}`, () => assertRefuses(command(), args, message));
  }
});

describe("the end of a rehearsed upgrade", () => {
  const cases: [effects: Effect[], code: ExitCode][] = [
    [[], ExitCode.Ok],
    [["changes", "improves"], ExitCode.Ok],
    [["improves", "undecided", "changes"], ExitCode.Undecided],
    [["undecided", "breaks"], ExitCode.Violation],
  ];
  for (const [effects, code] of cases) {
    it(`is ${code} where the effects are ${effects.join(", ") || "none"}`, () => {
      const changes = effects.map((effect) => ({ effect }));
      const rehearsals = [{ changes }] as Upgrade["rehearsals"];
      assert.equal(exitCodeOf({ rehearsals }), code);
    });
  }
});
