import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Mistake } from "../../local/mistake.js";
import { projectName, readStackFile, stacksIn } from "../../local/stack-file.js";

describe("a stack's file", () => {
  let project: string;
  beforeEach(() => (project = mkdtempSync(path.join(tmpdir(), "istio-egress-project-"))));
  afterEach(() => rmSync(project, { recursive: true }));

  const write = (name: string, text: string) => writeFileSync(path.join(project, name), text);
  const mistakeOf = (work: () => unknown): string => {
    try {
      work();
    } catch (error) {
      assert.ok(error instanceof Mistake, String(error));
      return error.message;
    }
    return assert.fail("it was read");
  };

  it("names its stack; other files of the folder are none", () => {
    for (const name of ["Pulumi.yaml", "Pulumi.prod.yaml", "Pulumi.dev.yaml", "dev.config.yaml"]) {
      write(name, "");
    }
    assert.deepEqual(stacksIn(project), ["dev", "prod"]);
    assert.deepEqual(stacksIn(path.join(project, "nowhere")), []);
  });

  const readable: [story: string, text: string, content: unknown][] = [
    ["configuration", "config:\n  a:b: 1\n", { config: { "a:b": 1 } }],
    ["a salt alone", "encryptionsalt: v1\n", { encryptionsalt: "v1" }],
    ["no value of config yet", "encryptionsalt: v1\nconfig:\n", { encryptionsalt: "v1" }],
    ["nothing", "", {}],
    ["comments alone", "# later\n", {}],
  ];
  for (const [story, text, content] of readable) {
    it(`may hold ${story}`, () => {
      write("Pulumi.dev.yaml", text);
      assert.deepEqual(readStackFile(project, "dev"), content);
    });
  }

  const mistakes: [story: string, text: string, message: RegExp][] = [
    ["a tab as indentation", "config:\n\ta: 1\n", /Pulumi\.dev\.yaml:2:1: not YAML: .*[Tt]ab/],
    ["a bracket that isn't closed", "config: {a: 1\n", /Pulumi\.dev\.yaml:2:1: not YAML: /],
    [
      "a wildcard without quotes",
      "config:\n  host: *.example.com\n",
      /Pulumi\.dev\.yaml:2:9: not YAML: \*\.example\.com .* put it in quotes/,
    ],
    ["a list", "- config\n", /Pulumi\.dev\.yaml:1:1: expected a map/],
    ["text as its configuration", "config: none\n", /Pulumi\.dev\.yaml: config: expected a map/],
  ];
  for (const [story, text, message] of mistakes) {
    it(`says where it has ${story}`, () => {
      write("Pulumi.dev.yaml", text);
      assert.match(
        mistakeOf(() => readStackFile(project, "dev")),
        message,
      );
    });
  }

  it("that isn't there is reported with those that are", () => {
    write("Pulumi.dev.yaml", "");
    assert.match(
      mistakeOf(() => readStackFile(project, "dve")),
      /there is no .*Pulumi\.dve\.yaml; the stacks here are: dev\.$/,
    );
  });

  it("belongs to the project that Pulumi.yaml names", () => {
    const name = () => projectName(project);
    assert.match(mistakeOf(name), /no Pulumi\.yaml here\. Name its folder with --project/);
    write("Pulumi.yaml", "runtime: nodejs\n");
    assert.match(mistakeOf(name), /Pulumi\.yaml: name: missing/);
    write("Pulumi.yaml", "name: shop\nruntime: nodejs\n");
    assert.equal(name(), "shop");
  });
});
