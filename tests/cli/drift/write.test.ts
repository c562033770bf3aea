import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { withAddresses, writeTogether } from "../../../cli/drift/write.js";
import { Mistake } from "../../../cli/mistake.js";
import { REPOSITORY } from "../command.js";

const FILE = `# The stack of the tests.
encryptionsalt: v1:abc=:v1:def
config:
  istio-egress:protect: "true" # never delete
  istio-egress:catalogue:
    clients: []
    aliases:
      # First.
      - name: a
        addresses:
          - 192.0.2.1 # the old one
          # Of the second data centre:
          - 192.0.2.2 # stays
        ports: [{ name: tls, port: 443 }]
        tls: { mode: DISABLE }

      - name: b
        addresses: ["2001:db8::1", 192.0.2.9]
        ports:
          - { name: "tls", port: 443 }
`;

describe("addresses that are written into a stack's file", () => {
  it("leave everything else as it was: comments, quotes, order, blank lines", () => {
    const written = withAddresses(
      FILE,
      "Pulumi.test.yaml",
      new Map([
        [0, ["192.0.2.2", "192.0.2.3"]],
        [1, ["2001:db8::1", "2001:db8::2"]],
      ]),
    );
    const removed = FILE.replace("          - 192.0.2.1 # the old one\n", "");
    const added = removed.replace("# stays\n", "# stays\n          - 192.0.2.3\n");
    const expected = added.replace('["2001:db8::1", 192.0.2.9]', '["2001:db8::1", 2001:db8::2]');
    assert.equal(spaced(written), spaced(expected));
  });

  for (const stack of ["dev", "staging", "prod"]) {
    it(`change those lines of Pulumi.${stack}.yaml alone`, () => {
      const file = `Pulumi.${stack}.yaml`;
      const text = readFileSync(path.join(REPOSITORY, file), "utf8");
      const written = withAddresses(text, file, new Map([[1, ["198.51.100.77"]]]));
      const lines = text.split("\n");
      const gone = lines.filter((line) => !written.split("\n").includes(line));
      const added = written.split("\n").filter((line) => !lines.includes(line));
      assert.deepEqual(added, ["          - 198.51.100.77"]);
      assert.ok(
        gone.length > 0 && gone.every((line) => /^ {10}- [\d.:a-f]+$/.test(line)),
        gone.join(),
      );
    });
  }

  it("aren't written where the list is another's", () => {
    const shared = FILE.replace("addresses:\n", "addresses: &shared\n").replace(
      '["2001:db8::1", 192.0.2.9]',
      "*shared",
    );
    for (const index of [0, 1]) {
      assert.throws(
        () => withAddresses(shared, "Pulumi.test.yaml", new Map([[index, ["192.0.2.3"]]])),
        (error: Error) => {
          assert.ok(error instanceof Mistake);
          const words = `Pulumi.test.yaml: aliases[${index}].addresses isn't a list of its own`;
          assert.ok(error.message.startsWith(words), error.message);
          return true;
        },
      );
    }
  });
});

/** A list on one line may get spaces inside its brackets where the file has both ways to write one. */
function spaced(text: string): string {
  return text.replace(/([[{]) /g, "$1").replace(/ ([\]}])/g, "$1");
}

describe("files that are written together", () => {
  it("all stay as they were where one of them can't be written, as on a full disk", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "drift-write-"));
    try {
      const [first, second] = ["a.yaml", "b.yaml"].map((name) => path.join(folder, name));
      for (const file of [first!, second!]) writeFileSync(file, "as it was");
      // A folder in the draft's place can't be written.
      mkdirSync(`${second}.${process.pid}.draft`);
      const both = [first!, second!].map((file) => [file, "new"] as const);
      assert.throws(() => writeTogether(both), /EISDIR/);
      for (const file of [first!, second!]) assert.equal(readFileSync(file, "utf8"), "as it was");
      writeTogether(both);
      for (const file of [first!, second!]) assert.equal(readFileSync(file, "utf8"), "new");
      assert.deepEqual(readdirSync(folder), ["a.yaml", "b.yaml"]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
