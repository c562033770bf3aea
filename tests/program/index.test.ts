import assert from "node:assert/strict";
import { RunError, runtime } from "@pulumi/pulumi";
import type { MockMonitor } from "@pulumi/pulumi/runtime/mocks.js";
import { readFileSync } from "node:fs";
import path from "node:path";
import { find } from "../components/mocks.js";
import { catalogueOf, manifestsOf, runProgram } from "./program.js";

/** The value of an output, when all is registered. */
function valueOf<T>(output: { apply: (callback: (value: T) => void) => unknown }): Promise<T> {
  return new Promise((resolve) => void output.apply(resolve));
}

describe("the program", () => {
  it("stays small enough to read", () => {
    const text = readFileSync(path.join(__dirname, "../../index.ts"), "utf8");
    assert.ok(text.split("\n").length < 60);
  });

  it("exports what the task has people type next", async () => {
    const { result } = await runProgram(catalogueOf("dev"), "dev");
    const host = "my-httpbin.default.svc.cluster.local";
    assert.equal(await valueOf(result.aliasHosts["my-httpbin.default"]!), host);
    assert.deepEqual(Object.keys(result.clusterIPs), ["my-wikipedia.default"]);
    assert.equal(await valueOf(result.clusterIPs["my-wikipedia.default"]!), "10.96.1.2");
    const pod = (namespace: string) =>
      `kubectl get pod -n ${namespace} -l app=sleep -o jsonpath={.items..metadata.name}`;
    assert.deepEqual(result.sourcePods, {
      default: pod("default"),
      "without-istio": pod("without-istio"),
    });
    const exec = (namespace: string) =>
      `kubectl exec "$(${pod(namespace)})" -n ${namespace} -c sleep -- curl -sS `;
    assert.deepEqual(await valueOf(result.requests["my-httpbin.default"]!), [
      `${exec("default")}http://${host}/headers`,
      `${exec("without-istio")}http://${host}/headers`,
    ]);
    const wikipedia =
      "--resolve en.wikipedia.org:443:10.96.1.2 https://en.wikipedia.org/wiki/Main_Page";
    assert.deepEqual(await valueOf(result.requests["my-wikipedia.default"]!), [
      exec("default") + wikipedia,
      exec("without-istio") + wikipedia,
    ]);
  });

  it("puts things into a namespace only when it is there, or is labelled", async () => {
    const { registrations } = await runProgram(catalogueOf("prod"), "prod");
    const waitsFor = (kind: string, name: string) => find(registrations, kind, name).dependsOn;
    assert.deepEqual(waitsFor("SleepDeployment", "sleep.payments"), ["payments-namespace"]);
    assert.deepEqual(waitsFor("SleepDeployment", "sleep.without-istio"), [
      "without-istio-namespace",
    ]);
    assert.deepEqual(waitsFor("EgressAlias", "ledger.payments"), ["payments-namespace"]);
  });

  it("has a guard of all aliases where the catalogue asks for one", async () => {
    const dev = catalogueOf("dev") as object;
    const { registrations: without } = await runProgram(dev, "dev");
    assert.ok(!without.some(({ type }) => type.includes("ValidatingAdmissionPolicy")));
    const { registrations } = await runProgram({ ...dev, guard: true }, "dev");
    const { spec } = find(registrations, "ValidatingAdmissionPolicy", "istio-egress-rules-policy")
      .inputs as { spec: { variables: { name: string; expression: string }[] } };
    const hosts = spec.variables.find(({ name }) => name === "hosts0")!.expression.split("\n");
    assert.deepEqual(hosts.slice(1, -1), [
      "httpbin.org outside",
      "my-httpbin.default.svc.cluster.local 80",
      "my-wikipedia.default.svc.cluster.local 443",
    ]);
  });

  it("labels the namespace default and doesn't make it its own", async () => {
    const { registrations } = await runProgram(catalogueOf("dev"), "dev");
    assert.deepEqual(
      registrations.filter(({ type }) => /:Namespace(Patch)?$/.test(type)).map(({ name }) => name),
      ["default-label", "without-istio-namespace"],
    );
    assert.equal(find(registrations, "NamespacePatch").name, "default-label");
  });

  it("writes rules before the Services that they are for, so that no client meets one without", async () => {
    const { registrations } = await runProgram(catalogueOf("staging"), "staging");
    const waitsFor = (name: string) => find(registrations, "Service", name).dependsOn;
    assert.deepEqual(waitsFor("my-wikipedia.default-service"), [
      "my-wikipedia.default-ipv4",
      "my-wikipedia.default-rule",
      "my-wikipedia.default-virtualservice",
    ]);
    assert.deepEqual(waitsFor("my-httpbin.default-service"), [
      "httpbin.org.default-rule",
      "httpbin.org.default-serviceentry",
      "httpbin.org.default-virtualservice",
      "my-httpbin.default-rule",
    ]);
  });

  it("moves the aliases whose sidecars encrypt before it changes what others take over", async () => {
    const alias = (name: string, tls: object) => ({
      name,
      externalName: `${name}.example.com`,
      ports: [{ name: "http", port: 80, targetPort: 443 }],
      tls,
    });
    const aliases = [alias("plain", { mode: "DISABLE" }), alias("safe", { mode: "SIMPLE" })];
    const { registrations } = await runProgram({ clients: [], aliases }, "dev");
    const order = registrations.map(({ name }) => name);
    assert.ok(
      order.indexOf("safe.default-service") < order.indexOf("plain.example.com.default-rule"),
      order.join(", "),
    );
    assert.deepEqual(find(registrations, "EgressAlias", "plain.default").dependsOn, []);
  });

  it("touches neither namespace nor label for a client whose namespace is someone else's", async () => {
    const clients = [{ namespace: "legacy", injected: false, createNamespace: false }];
    const { registrations } = await runProgram({ clients, aliases: [] }, "dev");
    assert.deepEqual(
      [...manifestsOf(registrations).keys()],
      ["Deployment legacy/sleep", "Service legacy/sleep", "ServiceAccount legacy/sleep"],
    );
  });

  it("works on the cluster that the stack names, or on the ambient one", async () => {
    const providers = async (config: Record<string, string>) => {
      const { registrations } = await runProgram(catalogueOf("dev"), "dev", { config });
      const inCluster = registrations.filter(({ type }) => type.startsWith("kubernetes:"));
      return [...new Set(inCluster.map(({ provider }) => provider))];
    };
    assert.deepEqual(await providers({}), [undefined]);
    assert.deepEqual(await providers({ "istio-egress:context": "staging" }), ["cluster"]);
  });

  it("writes no file of a namespace that is somebody else's, which pruning would delete", async () => {
    const config = { "kubernetes:renderYamlToDirectory": "/somewhere" };
    const { registrations } = await runProgram(catalogueOf("dev"), "dev", { config });
    const ids = [...manifestsOf(registrations).keys()];
    assert.deepEqual(
      ids.filter((id) => id.startsWith("Namespace ")),
      ["Namespace without-istio"],
    );
  });

  it("keeps a kubeconfig secret, which may hold credentials", async () => {
    const config = { "istio-egress:kubeconfig": "/home/me/kubeconfig" };
    const { registrations } = await runProgram(catalogueOf("dev"), "dev", { config });
    const { kubeconfig } = find(registrations, "kubernetes", "cluster").inputs;
    assert.deepEqual(kubeconfig, {
      "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
      value: "/home/me/kubeconfig",
    });
  });

  it("makes exactly the objects of one alias more for one alias more", async () => {
    const ids = async (catalogue: unknown) => [
      ...manifestsOf((await runProgram(catalogue, "dev")).registrations).keys(),
    ];
    const catalogue = catalogueOf("dev") as { aliases: object[] };
    const more = await ids(catalogue);
    const less = await ids({ ...catalogue, aliases: catalogue.aliases.slice(0, 1) });
    assert.deepEqual(
      more.filter((id) => !less.includes(id)),
      [
        "DestinationRule default/my-wikipedia",
        "Endpoints default/my-wikipedia",
        "Service default/my-wikipedia",
      ],
    );
  });
});

describe("the program, given a mistaken catalogue", () => {
  const mistaken = {
    clients: [],
    aliases: [{ name: "x", ports: [{ name: "http", port: 0 }], tls: { mode: "ISTIO_MUTUAL" } }],
  };

  it("ends with one line for each mistake and no stack trace, before anything is registered", async () => {
    await assert.rejects(runProgram(mistaken, "staging"), (error) => {
      assert.ok(RunError.isInstance(error));
      const keys = error.message.split("\n").map((line) => line.split(": ", 2).join(": "));
      assert.deepEqual(keys, [
        "Pulumi.staging.yaml: istio-egress:catalogue.aliases[0].ports[0].port",
        "Pulumi.staging.yaml: istio-egress:catalogue.aliases[0].tls.mode",
        "Pulumi.staging.yaml: istio-egress:catalogue.aliases[0]",
      ]);
      return true;
    });
    const monitor = runtime.getMonitor() as unknown as MockMonitor;
    assert.equal(monitor.resources.size, 0);
  });

  it("says where a catalogue belongs if there is none", async () => {
    await assert.rejects(runProgram(undefined, "dev"), {
      message:
        "Pulumi.dev.yaml: istio-egress:catalogue: missing; write the clients and aliases of this stack",
    });
  });
});
