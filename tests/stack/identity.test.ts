import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type KubernetesObject, PatchStrategy } from "@kubernetes/client-node";
import { stringify } from "yaml";
import { TOKENS } from "../../components/resources/tokens.js";
import type { WrittenAlias, WrittenCatalogue } from "./paths/catalogues.js";
import { objectsIn } from "./kube.js";
import { type TestPlane, sharedPlane } from "./sharedPlane.js";
import { type Run, TestStack } from "./testStack.js";

/** What a stack of an older version left in its state, without what tells one cluster from another. */
interface Former {
  catalogue: WrittenCatalogue;
  resources: { type: string; urn: string; outputs: FormerOutputs }[];
}

/** Of one catalogue: 0.1, and 0.2, whose aliases were two components each. */
const [FORMER, BEFORE_EGRESS_ALIAS] = ["0.1", "0.2"].map(
  (version) =>
    JSON.parse(
      readFileSync(path.join(__dirname, `fixtures/state-of-${version}.json`), "utf8"),
    ) as Former,
) as [Former, Former];

interface FormerOutputs {
  __fieldManager: string;
  __inputs: KubernetesObject;
}

/** 0.1's catalogue with its first alias renamed, and in clear. */
const RENAMED = {
  ...FORMER.catalogue,
  aliases: FORMER.catalogue.aliases.map((alias, index): WrittenAlias =>
    index === 0 ? { ...alias, name: "httpbin", tls: { mode: "DISABLE" } } : alias,
  ),
};
/** What that changes of its target's rule. */
const RULE_IN_CLEAR = `update DestinationRule httpbin.org.shop-rule: ${[
  "mode",
  "sni",
  "subjectAltNames",
]
  .map((key) => `spec.trafficPolicy.tls.${key}`)
  .join(", ")}`;

async function succeeded(running: Promise<Run>): Promise<Run> {
  const run = await running;
  assert.equal(run.exitCode, 0, run.output);
  return run;
}

/** What the engine does to Kubernetes objects, the components left out. */
function toObjects({ changes }: Run): string[] {
  const components = new RegExp(`^\\w+ (${Object.keys(TOKENS).join("|")}) `);
  return changes.filter((change) => !components.test(change));
}

describe("one object, one identity, on real parts", function () {
  this.timeout(300_000);

  let on: TestPlane;
  let stack: TestStack;
  const uidOf = async (apiVersion: string, kind: string, name: string, namespace?: string) => {
    const metadata = { name, ...(namespace && { namespace }) };
    const { metadata: read } = await objectsIn(on.plane.kubeconfig).read({
      apiVersion,
      kind,
      metadata,
    });
    return read?.uid;
  };
  const istio = "networking.istio.io/v1";
  const ofTarget = () =>
    Promise.all(
      ["DestinationRule", "ServiceEntry"].map((kind) => uidOf(istio, kind, "httpbin.org", "shop")),
    );

  before(async () => {
    on = await sharedPlane();
    stack = await TestStack.open({ on });
  });

  after(() => stack?.close());

  /** Puts the objects of a state into the cluster, as an older version did, and the state into the stack. */
  async function leftBehind({ catalogue, resources }: Former): Promise<void> {
    const cluster = objectsIn(on.plane.kubeconfig);
    const objects = resources.filter(({ type }) => /^kubernetes:/.test(type));
    const manifests = objects.sort(({ type }) => (type.endsWith(":Namespace") ? -1 : 1));
    for (const { outputs } of manifests) {
      const { __inputs: manifest, __fieldManager: manager } = outputs;
      const strategy = PatchStrategy.ServerSideApply;
      await cluster.patch(manifest, undefined, undefined, manager, false, strategy);
    }
    await stack.importState(resources, catalogue);
  }

  it("takes over what version 0.2 made in two components an alias, and says so before it does", async () => {
    await leftBehind(BEFORE_EGRESS_ALIAS);
    const { catalogue } = BEFORE_EGRESS_ALIAS;
    const preview = await succeeded(stack.preview(catalogue));
    assert.deepEqual(toObjects(preview), []);
    const ofAliases = ["my-httpbin.shop", "partner.shop"];
    const components = /^\w+ (EgressAlias|EgressTlsRule|ExternalService) /;
    assert.deepEqual(
      preview.changes.filter((change) => components.test(change)),
      [
        ...ofAliases.map((id) => `create EgressAlias ${id}`),
        ...ofAliases.map((id) => `delete EgressTlsRule ${id}`),
        ...ofAliases.map((id) => `delete ExternalService ${id}`),
      ],
    );
    assert.deepEqual(toObjects(await succeeded(stack.up(catalogue))), []);
    assert.deepEqual((await succeeded(stack.up(catalogue))).changes, []);
    // A stack that a program without the output `namesSince` brought up so.
    const unmarked = (await stack.state()).map((resource) =>
      resource.type === "pulumi:pulumi:Stack" ? { ...resource, outputs: {} } : resource,
    );
    await stack.importState(unmarked, catalogue);
    assert.deepEqual((await succeeded(stack.up(catalogue))).changes, []);
    await stack.close();
    stack = await TestStack.open({ on });
  });

  it("renames an alias, with another mode, in the update that takes over what version 0.1 made", async () => {
    await leftBehind(FORMER);
    const uids = await ofTarget();
    const run = await succeeded(stack.up(RENAMED));
    assert.deepEqual(toObjects(run), [
      "create DestinationRule httpbin.shop-rule",
      "create Service httpbin.shop-service",
      "delete DestinationRule my-httpbin.shop-rule",
      "delete Service my-httpbin.shop-service",
      "delete VirtualService my-httpbin.shop-virtualservice",
      RULE_IN_CLEAR,
      "update Namespace shop-namespace: metadata.annotations",
    ]);
    assert.deepEqual(await ofTarget(), uids);
    assert.deepEqual((await succeeded(stack.up(RENAMED))).changes, []);
    await stack.close();
    stack = await TestStack.open({ on });
  });

  it("takes over what version 0.1 made: nothing is created, replaced or deleted", async () => {
    await leftBehind(FORMER);
    const run = await succeeded(stack.up(FORMER.catalogue));
    // It says from now on which stack it goes with.
    assert.deepEqual(toObjects(run), ["update Namespace shop-namespace: metadata.annotations"]);
    assert.deepEqual(toObjects(await succeeded(stack.up(FORMER.catalogue))), []);
  });

  it("gives an alias another name and another mode, and leaves its target's objects where they are", async () => {
    const uids = await ofTarget();
    const run = await succeeded(stack.up(RENAMED));
    assert.deepEqual(toObjects(run), [
      "create DestinationRule httpbin.shop-rule",
      "create Service httpbin.shop-service",
      "delete DestinationRule my-httpbin.shop-rule",
      "delete Service my-httpbin.shop-service",
      "delete VirtualService httpbin.org.shop-virtualservice",
      RULE_IN_CLEAR,
    ]);
    assert.deepEqual(await ofTarget(), uids);
  });

  it("gives an alias of addresses a name outside, and back", async () => {
    const [httpbin, partner] = FORMER.catalogue.aliases as [WrittenAlias, WrittenAlias];
    const service = () => uidOf("v1", "Service", "partner", "shop");
    const before = await service();
    const named: WrittenAlias = { ...partner, externalName: "partner.example.com" };
    delete named.addresses;
    delete named.endpointsApi;
    for (const second of [named, partner]) {
      await succeeded(stack.up({ ...FORMER.catalogue, aliases: [httpbin, second] }));
      assert.equal(await service(), before);
    }
  });

  const roles = [
    { to: "a client without sidecar", client: { injected: false } },
    { to: "a client with sidecar", client: { injected: true } },
    {
      to: "one that is somebody else's",
      client: { injected: true, createNamespace: false },
    },
    { to: "one that the stack makes", client: { injected: true } },
  ];
  for (const { to, client } of roles) {
    it(`keeps a namespace that becomes ${to}`, async () => {
      const before = await uidOf("v1", "Namespace", "shop");
      const clients = [{ namespace: "shop", ...client }];
      await succeeded(stack.up({ ...FORMER.catalogue, clients }));
      assert.equal(await uidOf("v1", "Namespace", "shop"), before);
      assert.deepEqual((await succeeded(stack.up({ ...FORMER.catalogue, clients }))).changes, []);
    });
  }

  it("refuses to delete a namespace of its own in which something is still declared", async () => {
    const { exitCode, output } = await stack.up({ ...FORMER.catalogue, clients: [] });
    assert.notEqual(exitCode, 0);
    assert.match(
      output,
      /namespace shop was made by this stack and would be deleted with all that/,
    );
    assert.ok(await uidOf(istio, "ServiceEntry", "httpbin.org", "shop"), "and nothing is touched");
  });

  it("says which namespace isn't there, and where it is written, instead of trying for a minute", async () => {
    const [httpbin] = FORMER.catalogue.aliases as [WrittenAlias];
    const nowhere = { ...httpbin, namespace: "nowhere" };
    const team = path.join(on.folder, "team.yaml");
    writeFileSync(team, `# The team's own.\n${stringify({ aliases: [nowhere] })}`);
    const { aliases } = FORMER.catalogue;
    const inStackFile = { ...FORMER.catalogue, aliases: [...aliases, nowhere] };
    const inTeamFile = { ...FORMER.catalogue, files: [team] };
    const says =
      "namespace nowhere, where alias my-httpbin belongs, isn't in the cluster \\S+ \\(context \\S+\\); " +
      "make it, or declare a client there$";
    for (const [{ exitCode, errors, output }, place] of [
      [
        await stack.preview(inStackFile),
        "^Pulumi\\.dev\\.yaml: istio-egress:catalogue\\.aliases\\[2\\]",
      ],
      [await stack.up(inTeamFile), "team\\.yaml:4: aliases\\[0\\]"],
    ] as [Run, string][]) {
      assert.notEqual(exitCode, 0);
      assert.equal(errors.length, 1, output);
      assert.match(errors[0]!, new RegExp(`${place}\\.namespace: ${says}`));
    }
  });

  it("keeps the Service of a client whose name an alias takes", async () => {
    const [httpbin, partner] = FORMER.catalogue.aliases as [WrittenAlias, WrittenAlias];
    const clients = [{ namespace: "shop", injected: true, name: "caller" }];
    const aliases = [httpbin, { ...partner, name: "sleep" }];
    const before = await uidOf("v1", "Service", "sleep", "shop");
    await succeeded(stack.up({ ...FORMER.catalogue, clients, aliases }));
    assert.equal(await uidOf("v1", "Service", "sleep", "shop"), before);
  });
});
