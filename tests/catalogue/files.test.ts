import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { stringify } from "yaml";
import { CatalogueError } from "../../catalogue/catalogue.js";
import { readCatalogueFiles } from "../../catalogue/files.js";
import { httpbin, wikipedia } from "./examples.js";

const WHERE = "Pulumi.dev.yaml";

describe("a catalogue in files", () => {
  let project: string;
  beforeEach(() => {
    project = mkdtempSync(path.join(os.tmpdir(), "istio-egress-catalogue-"));
  });
  afterEach(() => {
    rmSync(project, { recursive: true });
  });

  function write(file: string, content: unknown): void {
    const full = path.join(project, file);
    mkdirSync(path.dirname(full), { recursive: true });
    writeFileSync(full, typeof content === "string" ? content : stringify(content));
  }

  const read = (value: object) => readCatalogueFiles(value, WHERE, project);

  /** The lines of the error's message. */
  function mistakes(value: object): string[] {
    try {
      read(value);
    } catch (error) {
      assert.ok(error instanceof CatalogueError);
      return error.message.split("\n");
    }
    return [];
  }

  const named = (name: string, more: object = {}) => ({ ...wikipedia, name, ...more });

  it("has the aliases of all its files after its own, file by file, each once", () => {
    write("catalogue/b.yaml", { aliases: [named("b")] });
    write("catalogue/a/team.yaml", { aliases: [named("a1"), named("a2")] });
    write("more.yml", { clients: [{ namespace: "shop", injected: true }], aliases: [] });
    const { catalogue, origins } = read({
      files: ["catalogue/**/*.yaml", "more.yml", "catalogue/b.yaml"],
      clients: [{ namespace: "default", injected: true }],
      aliases: [named("own")],
    });
    assert.deepEqual(
      catalogue.aliases.map(({ name }) => name),
      ["own", "a1", "a2", "b"],
    );
    assert.deepEqual(
      catalogue.clients.map(({ namespace }) => namespace),
      ["default", "shop"],
    );
    assert.deepEqual(origins, [
      { file: undefined, index: 0 },
      { file: "catalogue/a/team.yaml", index: 0 },
      { file: "catalogue/a/team.yaml", index: 1 },
      { file: "catalogue/b.yaml", index: 0 },
    ]);
  });

  it("is the same as one in the stack file", () => {
    const mesh = { istioVersion: "1.24" };
    write("aliases.yaml", { aliases: [httpbin, wikipedia] });
    const { catalogue } = read({ files: ["aliases.yaml"], mesh, clients: [] });
    const whole = { mesh, clients: [], aliases: [httpbin, wikipedia] };
    assert.deepEqual(catalogue, readCatalogueFiles(whole, WHERE, project).catalogue);
  });

  it("takes a file whose name looks like a glob", () => {
    write("catalogue/[team].yaml", { aliases: [named("a")] });
    assert.equal(read({ files: ["catalogue/[team].yaml"], clients: [] }).origins.length, 1);
  });

  it("says file and line of a mistake, and of what stands there already", () => {
    write("a.yaml", { aliases: [named("first"), named("second")] });
    write(
      "b.yaml",
      "# Of the other team.\n" +
        "aliases:\n" +
        "  - name: second\n" +
        "    addresses: [192.0.2.1]\n" +
        "    ports:\n" +
        "      - name: tls\n" +
        "        port: 0\n" +
        "    tls: { mode: DISABLE }\n" +
        "  - name: third\n" +
        "    adresses: [192.0.2.1]\n" +
        "    ports: [{ name: tls, port: 443 }]\n" +
        "    tls: { mode: DISABLE }\n",
    );
    const second = "a.yaml:11";
    assert.deepEqual(mistakes({ files: ["*.yaml"], clients: [], aliases: [named("first")] }), [
      `a.yaml:2: aliases[0].name: default/first is aliases[0] already; write another name, or remove one`,
      "b.yaml:7: aliases[0].ports[0].port: is 0; write a whole number from 1 to 65535",
      `b.yaml:3: aliases[0].name: default/second is ${second} already; write another name, or remove one`,
      "b.yaml:10: aliases[1].adresses: unknown key; write addresses",
      "b.yaml:9: aliases[1]: stands for nothing; write externalName (a DNS name) or addresses (a list)",
    ]);
  });

  const FILES: [what: string, text: string, message: RegExp][] = [
    ["that isn't YAML", "aliases:\n  - name: [\n", /^x\.yaml:\d+:\d+: not YAML: /],
    ["that is empty", "# nothing\n", /^x\.yaml: has no aliases; write aliases: and a list, or/],
    ["that is a list", "- name: a\n", /^x\.yaml: has no aliases/],
    [
      "of two documents",
      "aliases: []\n---\naliases: []\n",
      /^x\.yaml: has 2 documents; write one$/,
    ],
    ["with an alias for a list", "aliases: { name: a }\n", /^x\.yaml:1: aliases: isn't a list; /],
    ["with no value", "clients: []\naliases:\n", /^x\.yaml:2: aliases: isn't a list; /],
    ["with a key twice", "aliases: []\naliases: []\n", /^x\.yaml:2:1: not YAML: duplicated/],
    ["with another key", "alias: []\n", /^x\.yaml:1: alias: unknown key; write aliases$/],
    [
      "with facts of the mesh, which are the stack's",
      "aliases: []\nmesh: { istioVersion: '1.30' }\n",
      /^x\.yaml:2: mesh: belongs to the stack; write it in the stack file, under istio-egress:catalogue$/,
    ],
  ];
  for (const [what, text, message] of FILES) {
    it(`refuses a file ${what}`, () => {
      write("x.yaml", text);
      const lines = mistakes({ files: ["x.yaml"], clients: [], aliases: [] });
      assert.equal(lines.length, 1);
      assert.match(lines[0]!, message);
    });
  }

  const LISTS: [what: string, files: unknown, message: RegExp][] = [
    ["a path that there isn't", ["a.yaml"], /\.files\[0\]: "a\.yaml" names no file; write a path/],
    ["a glob that matches nothing", ["*.yaml"], /\.files\[0\]: "\*\.yaml" names no file/],
    ["a folder", ["."], /\.files\[0\]: "\." names no file/],
    ["no path", [7], /\.files\[0\]: 7 names no file/],
    ["one path alone", "a.yaml", /\.files: isn't a list of paths; write a list of paths, such as/],
    ["an empty list", [], /\.files: isn't a list of paths/],
  ];
  for (const [what, files, message] of LISTS) {
    it(`refuses ${what} for its files`, () => {
      const [line, ...more] = mistakes({ files, clients: [], aliases: [] });
      assert.match(line!, message);
      assert.deepEqual(more, []);
    });
  }

  it("must have both lists somewhere", () => {
    write("a.yaml", { aliases: [] });
    assert.deepEqual(mistakes({ files: ["a.yaml"] }), [
      "Pulumi.dev.yaml: istio-egress:catalogue.clients: missing; write a list of clients, or [] if there are none",
    ]);
  });

  it("reads and checks 10,000 aliases within two seconds of the processor, and finds as many mistakes within five", () => {
    const aliases = Array.from({ length: 10_000 }, (_, i) =>
      i % 2 === 0
        ? named(`a${i}`, { namespace: `n${i % 50}` })
        : { ...httpbin, name: `a${i}`, namespace: `n${i % 50}`, externalName: `h${i}.example.com` },
    );
    for (let team = 0; team < 10; team++) {
      write(`teams/${team}.yaml`, { aliases: aliases.slice(team * 1000, (team + 1) * 1000) });
    }
    const seconds = (work: () => void) => {
      const before = process.cpuUsage();
      work();
      return process.cpuUsage(before).user / 1e6;
    };
    const whole = { files: ["teams/*.yaml"], clients: [] };
    const reading = seconds(() => {
      assert.equal(read(whole).catalogue.aliases.length, 10_000);
    });
    assert.ok(reading < 2, `${reading.toFixed(2)} s`);
    const twice = { ...whole, aliases: aliases.map((alias) => ({ ...alias, ports: [] })) };
    const refusing = seconds(() => {
      assert.equal(mistakes({ clients: [], aliases: twice.aliases }).length, 10_000);
    });
    assert.ok(refusing < 5, `${refusing.toFixed(2)} s`);
  }).timeout(60_000);
});
