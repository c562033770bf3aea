import assert from "node:assert/strict";
import { nowhere, objectsIn } from "./kube.js";
import { type TestPlane, ownPlane, sharedPlane } from "./sharedPlane.js";
import { type Snapshot, settledSnapshot, snapshotOf } from "./snapshot.js";
import { type Run, type TestCatalogue, TestStack, catalogueOf } from "./testStack.js";

/** A mistake, the key that must be named, and the part of the message that says what to write. */
interface Case {
  title: string;
  edit: (catalogue: TestCatalogue) => void;
  key: string;
  says: RegExp;
}

/** An edit of one of the task's aliases. */
const alias =
  (index: number, change: Record<string, unknown>) =>
  ({ aliases }: TestCatalogue) =>
    Object.assign(aliases[index]!, change);

const address = (value: string) => alias(1, { addresses: [value] });
const port = (change: object) => alias(1, { ports: [{ name: "tls", port: 443, ...change }] });
const refused = (value: string, why: string): Case => ({
  title: `${value} as an address`,
  edit: address(value),
  key: "aliases[1].addresses[0]",
  says: new RegExp(`is ${why}, which Kubernetes refuses; write an address outside$`),
});

const CASES: Case[] = [
  {
    title: "an unknown key",
    edit: alias(0, { externalNames: "httpbin.org" }),
    key: "aliases[0].externalNames",
    says: /write externalName$/,
  },
  {
    title: "an alias without a target",
    edit: alias(0, { externalName: undefined }),
    key: "aliases[0]",
    says: /stands for nothing; write externalName \(a DNS name\) or addresses \(a list\)$/,
  },
  {
    title: "a name and addresses at once",
    edit: alias(1, { externalName: "en.wikipedia.org" }),
    key: "aliases[1].addresses",
    says: /write one of the two$/,
  },
  refused("127.0.0.1", "a loopback address"),
  refused("169.254.169.254", "link-local"),
  refused("0.0.0.0", "the unspecified address"),
  {
    title: "a port out of range",
    edit: port({ port: 65536 }),
    key: "aliases[1].ports[0].port",
    says: /is 65536; write a whole number from 1 to 65535$/,
  },
  {
    title: "a port whose name says no protocol",
    edit: port({ name: "wiki" }),
    key: "aliases[1].ports[0].name",
    says: /write tcp-wiki, or begin with one of http, /,
  },
  {
    title: "the same alias twice",
    edit: alias(1, { name: "my-httpbin" }),
    key: "aliases[1].name",
    says: /is aliases\[0\] already; write another name, or remove one$/,
  },
  {
    title: "a bad DNS name",
    edit: alias(0, { externalName: "http_bin.org" }),
    key: "aliases[0].externalName",
    says: /isn't a DNS name, because of "http_bin"; write /,
  },
  {
    title: "the mesh's own TLS",
    edit: alias(0, { tls: { mode: "ISTIO_MUTUAL" } }),
    key: "aliases[0].tls.mode",
    says: /no server outside can speak; write DISABLE .*, SIMPLE .* or MUTUAL /,
  },
  {
    title: "MUTUAL without a private key",
    edit: alias(1, {
      ports: [{ name: "http", port: 80, targetPort: 443 }],
      tls: { mode: "MUTUAL", sni: "en.wikipedia.org", clientCertificate: "/etc/cert.pem" },
    }),
    key: "aliases[1].tls.privateKey",
    says: /missing for MUTUAL; write its path in the sidecar, or credentialName /,
  },
];

describe("bad input, on real parts", function () {
  this.timeout(300_000);

  let on: TestPlane;
  let stack: TestStack;
  let before_: Snapshot;

  before(async () => {
    on = await sharedPlane();
    before_ = await snapshotOf(on.plane.kubeconfig);
    stack = await TestStack.open({ on });
  });

  after(() => stack?.close());

  for (const { title, edit, key, says } of CASES) {
    it(`refuses ${title} with one message that says where and what instead`, async () => {
      const catalogue = catalogueOf("dev");
      edit(catalogue);
      const run = await stack.previewAndUp(catalogue);
      const message = onlyError(run);
      const prefix = `Pulumi.dev.yaml: istio-egress:catalogue.${key}: `;
      assert.ok(message.startsWith(prefix), message);
      assert.match(message, says);
      assert.deepEqual(run.changes, []);
    });
  }

  it("reports all mistakes of a catalogue at once, a line each", async () => {
    const catalogue = catalogueOf("dev");
    address("127.0.0.1")(catalogue);
    alias(0, { tls: { mode: "ISTIO_MUTUAL" } })(catalogue);
    const lines = onlyError(await stack.preview(catalogue)).split("\n");
    assert.deepEqual(
      lines.map((line) => line.split(": ")[1]),
      [
        "istio-egress:catalogue.aliases[0].tls.mode",
        "istio-egress:catalogue.aliases[1].addresses[0]",
      ],
    );
  });

  it("names a catalogue that is missing", async () => {
    const message = onlyError(await stack.preview(undefined));
    assert.equal(
      message,
      "Pulumi.dev.yaml: istio-egress:catalogue: missing; write the clients and aliases of this stack",
    );
  });

  it("has changed nothing by all that, neither in the cluster nor in the state", async () => {
    assert.deepEqual(await snapshotOf(on.plane.kubeconfig), before_);
    assert.deepEqual(await stack.resources(), []);
  });
});

describe("a cluster that can't be used, on real parts", function () {
  this.timeout(300_000);

  let on: TestPlane;

  before(async () => {
    on = await ownPlane();
  });

  after(() => on?.stop());

  it("that doesn't answer ends an update at its first step", async () => {
    const stack = await TestStack.open({ on, kubeconfig: nowhere(on) });

    const run = await stack.previewAndUp(catalogueOf("dev"));
    assert.match(
      onlyError(run),
      /^the API server https:\/\/127\.0\.0\.1:9 .*ECONNREFUSED.*; start it, or name another cluster/,
    );
    assert.deepEqual(await stack.resources(), []);
    await stack.close();
  });

  it("that the stack's kubeconfig doesn't have ends an update at its first step", async () => {
    const config = { "istio-egress:context": "elsewhere" };
    const stack = await TestStack.open({ on, config });

    const run = await stack.up(catalogueOf("dev"));
    assert.match(
      onlyError(run),
      /^the kubeconfig chooses no cluster: it has no context "elsewhere"; write one of \S+$/,
    );
    assert.deepEqual(await stack.resources(), []);
    await stack.close();
  });

  it("that has no Istio ends an update before anything is created", async () => {
    const { kubeconfig } = on.plane;
    const objects = objectsIn(kubeconfig);
    const definitions = await objects.list("apiextensions.k8s.io/v1", "CustomResourceDefinition");
    for (const { metadata } of definitions.items) {
      await objects.delete({
        apiVersion: "apiextensions.k8s.io/v1",
        kind: "CustomResourceDefinition",
        metadata: { name: metadata!.name! },
      });
    }
    const without = await settledSnapshot(kubeconfig);
    const stack = await TestStack.open({ on });

    const run = await stack.previewAndUp(catalogueOf("dev"));
    assert.match(
      onlyError(run),
      /^the cluster .* has no networking\.istio\.io\/v1alpha3; install Istio/,
    );
    assert.deepEqual(await snapshotOf(kubeconfig), without);
    assert.deepEqual(await stack.resources(), []);
    await stack.close();
  });
});

/** The one message of a run that failed as a user's mistake should. */
function onlyError({ exitCode, errors, output }: Run): string {
  assert.notEqual(exitCode, 0, output);
  assert.equal(errors.length, 1, output);
  assert.doesNotMatch(output, /^\s+at .+:\d+:\d+/m, "no stack trace");
  return errors[0]!;
}
