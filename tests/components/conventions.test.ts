import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import * as components from "../../components/index.js";
import { SleepDeployment } from "../../components/sleepDeployment.js";
import { TOKENS } from "../../components/resources/tokens.js";
import { run } from "./mocks.js";

const ROOT = path.join(__dirname, "../..");
const OURS = ["index.ts", "catalogue", "components", "stack", "mesh", "policies", "cli", "local"];

/** One of each component, with every child that it can have. */
function oneOfEach() {
  const ports = [{ name: "http", port: 80 }];
  new components.WithoutIstioNamespace("parent");
  new components.InjectedNamespace("parent", { name: "default" });
  new SleepDeployment("parent");
  new components.ExternalService("parent", { name: "a", addresses: ["192.0.2.1"], ports });
  new components.EgressAlias("parent", {
    addresses: ["192.0.2.2"],
    ports,
    tls: { mode: "DISABLE" },
  });
  new components.EgressTlsRule("parent", {
    name: "a",
    host: "a.default.svc.cluster.local",
    externalName: "example.com",
    ports: [{ name: "http", port: 80, targetPort: 443 }],
    tls: { mode: "SIMPLE", sni: "example.com", subjectAltNames: ["example.com"] },
  });
  new components.EgressGuard("parent", { aliases: [] });
}

describe("every component", () => {
  it("has its class's name in its type token", () => {
    for (const [name, token] of Object.entries(TOKENS)) {
      assert.match(token, new RegExp(`^istio-egress:[a-z]+:${name}$`));
      // The workloads of our own program bring kubernetesx, which nobody else is to install.
      assert.equal(name in components, name !== "SleepDeployment", name);
    }
  });

  it("owns its children, whose names begin with its own, or with their target's", async () => {
    const { registrations } = await run(oneOfEach);
    const children = registrations.filter(({ type }) => type.startsWith("kubernetes:"));
    assert.equal(children.length, 18);
    for (const child of children) {
      assert.equal(child.parent, "parent", child.name);
      assert.match(child.name, /^(parent|example\.com\.default)-[a-z0-9-]+$/);
    }
  });

  it("gives every object a name of its own making, and a namespace where there are any", async () => {
    const { registrations } = await run(oneOfEach);
    for (const { type, inputs } of registrations) {
      if (!type.startsWith("kubernetes:")) continue;
      const { name, namespace } = inputs.metadata as { name?: string; namespace?: string };
      assert.ok(name, type);
      const isClusterWide = /:(Namespace|ValidatingAdmissionPolicy)/.test(type);
      assert.equal(namespace, isClusterWide ? undefined : "default", type);
    }
  });

  it("marks what it creates as ours", async () => {
    const { registrations } = await run(oneOfEach);
    for (const { type, inputs } of registrations) {
      if (!type.startsWith("kubernetes:") || type.endsWith("Patch")) continue;
      const { labels } = inputs.metadata as { labels: Record<string, string> };
      assert.equal(labels["app.kubernetes.io/managed-by"], "istio-egress", type);
    }
  });

  it("registers outputs", async () => {
    const { registrations } = await run(oneOfEach);
    for (const name of Object.keys(TOKENS)) {
      const made = registrations.filter(({ type }) => type.endsWith(`:${name}`));
      assert.ok(made.length > 0, name);
      for (const { outputs } of made) assert.ok(outputs && Object.keys(outputs).length > 0, name);
    }
  });
});

describe("the imports of the house", () => {
  const files = OURS.flatMap((entry) =>
    entry.endsWith(".ts")
      ? [entry]
      : readdirSync(path.join(ROOT, entry), { recursive: true, encoding: "utf8" })
          .filter((file) => file.endsWith(".ts") && !file.includes("node_modules"))
          .map((file) => path.join(entry, file)),
  );
  const importing = (pattern: RegExp) =>
    files.filter((file) => pattern.test(readFileSync(path.join(ROOT, file), "utf8")));

  it("have kubernetesx in one place", () => {
    assert.deepEqual(importing(/(from|require\(|import\() ?"@pulumi\/kubernetesx/), [
      "components/sleepDeployment.ts",
    ]);
  });

  it("let the catalogue be read without a Pulumi SDK", () => {
    const script =
      'require("./catalogue/catalogue.ts").parseCatalogue({ clients: [], aliases: [] }, "x");' +
      'console.log(Object.keys(require.cache).filter((f) => f.includes("@pulumi")).length)';
    const args = ["--require", "./register.cjs", "-e", script];
    assert.equal(execFileSync("node", args, { cwd: ROOT, encoding: "utf8" }).trim(), "0");
  });
});
