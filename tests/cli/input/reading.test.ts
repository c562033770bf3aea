import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { lastOfEach, readManifests } from "../../../cli/input/reading.js";
import { judgementOf } from "../../../cli/judgement.js";

const RULE = (mode: string, more = "") =>
  `apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: r${more}}\n` +
  `spec: {host: "*.local", trafficPolicy: {tls: {mode: ${mode}}}}\n`;

const ALIAS =
  "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{name: tls, port: 443}]}\n---\n" +
  "apiVersion: v1\nkind: Endpoints\nmetadata: {name: web}\n" +
  "subsets: [{addresses: [{ip: 192.0.2.1}], ports: [{name: tls, port: 443}]}]\n";

describe("reading files", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), "istio-egress-reading-"))));
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
  const write = (name: string, text: string) => {
    const file = path.join(folder, name);
    writeFileSync(file, text);
    return file;
  };

  it("takes the last of what is given twice, and says so", async () => {
    const [first, last] = [
      write("a.yaml", RULE("ISTIO_MUTUAL")),
      write("b.yaml", `${ALIAS}---\n${RULE("DISABLE")}`),
    ];
    const { manifests, notes } = await readManifests([first, last]);
    assert.deepEqual(notes, [
      `DestinationRule default/r is given twice, in ${first}:1 and in ${last}:11. ` +
        "The last one counts, as with kubectl apply.",
    ]);
    const { verdicts } = judgementOf({ manifests, facts: {} });
    assert.deepEqual([...new Set(verdicts.map(({ verdict }) => verdict))], ["ok"]);
  });

  it("takes another version of a kind for the same object, and another kind or namespace for another", async () => {
    const same = RULE("DISABLE").replace("/v1", "/v1beta1");
    const others = `${RULE("DISABLE", ", namespace: shop")}---\n${RULE("DISABLE")
      .replace(/kind: .*/, "kind: Sidecar")
      .replace(/spec: .*/, "spec: {}")}`;
    const file = write("a.yaml", `${RULE("DISABLE")}---\n${same}---\n${others}`);
    const { manifests, notes } = await readManifests([file]);
    assert.deepEqual(
      manifests.map(({ object: { apiVersion, kind } }) => `${apiVersion} ${kind}`),
      [
        "networking.istio.io/v1beta1 DestinationRule",
        "networking.istio.io/v1 DestinationRule",
        "networking.istio.io/v1 Sidecar",
      ],
    );
    assert.equal(notes.length, 1);
  });

  it("names the first of many that are given twice, and counts the others", () => {
    const manifests = Array.from({ length: 300_000 }, (_, index) => ({
      object: { apiVersion: "v1", kind: "Service", metadata: { name: `a${index % 150_000}` } },
    }));
    const { notes } = lastOfEach(manifests);
    assert.equal(notes.length, 11);
    assert.equal(
      notes[0],
      "Service default/a0 is given twice. The last one counts, as with kubectl apply.",
    );
    assert.equal(notes[10], "149990 more times an object is given again; the last one counts.");
  });

  it("reads a file once, however many ways lead to it", async () => {
    const file = write("a.yaml", RULE("DISABLE"));
    mkdirSync(path.join(folder, "below"));
    symlinkSync("../a.yaml", path.join(folder, "below/link.yaml"));
    const { manifests, notes } = await readManifests([
      file,
      folder,
      `${folder}/./a.yaml`,
      `${folder}/below`,
    ]);
    assert.deepEqual([manifests.length, notes], [1, []]);
    write("copy.yaml", RULE("DISABLE"));
    assert.equal((await readManifests([folder])).notes.length, 1, "a copy is another file");
  });

  it("follows links to folders, and comes to an end where they lead in circles", async () => {
    mkdirSync(path.join(folder, "deploy"));
    mkdirSync(path.join(folder, "other"));
    write("other/b.yaml", RULE("DISABLE"));
    symlinkSync("../other", path.join(folder, "deploy/other"));
    for (const name of ["a", "b", "c"]) symlinkSync(".", path.join(folder, "deploy", name));
    const { manifests } = await readManifests([path.join(folder, "deploy")]);
    assert.equal(manifests.length, 1);
  });

  it("says which link leads nowhere", async () => {
    symlinkSync("gone.yaml", path.join(folder, "link.yaml"));
    await assert.rejects(readManifests([folder]), /link\.yaml: there is no such file or directory/);
  });

  it("puts objects that name no namespace into the one that is given", async () => {
    const namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: n}\n";
    const file = write(
      "a.yaml",
      `${RULE("DISABLE")}---\n${RULE("DISABLE", ", namespace: other")}---\n${namespace}`,
    );
    const { manifests } = await readManifests([file], { namespace: "shop" });
    assert.deepEqual(
      manifests.map(({ object }) => (object.metadata as { namespace?: string }).namespace),
      ["shop", "other", undefined],
    );
  });
});
