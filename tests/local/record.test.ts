import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { credentialFiles, fingerprint } from "../../local/credentials.js";
import { issueCredentials } from "../../local/issue-credentials.js";
import { PORT_NAMES, type Ports, planeFiles } from "../../local/part.js";
import { type PlaneRecord, readRecord, writeRecord } from "../../local/record.js";

describe("what is recorded of a plane", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "istio-egress-record-"));
    file = planeFiles(folder).record;
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const ports = Object.fromEntries(PORT_NAMES.map((name, i) => [name, 20_000 + i])) as Ports;
  const record: PlaneRecord = {
    ports,
    parts: [],
    istioVersion: "1.31",
    credentials: "abc",
    complete: true,
  };

  it("is read as it was written, by its owner only", () => {
    writeRecord(folder, record);
    assert.deepEqual(readRecord(folder), record);
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  for (const text of [
    "",
    "null",
    "[]",
    '{"ports":',
    "{}",
    JSON.stringify({ ...record, ports: {} }),
  ]) {
    it(`counts as none where it is ${text === "" ? "empty" : text.slice(0, 20)}`, () => {
      writeFileSync(file, text);
      assert.equal(readRecord(folder), undefined);
    });
  }

  it("counts as none where a folder is in its place, which the next one replaces", () => {
    mkdirSync(path.join(file, "with something in it"), { recursive: true });
    assert.equal(readRecord(folder), undefined);
    writeRecord(folder, record);
    assert.deepEqual(readRecord(folder), record);
  });
});

describe("the fingerprint of credentials", () => {
  const parent = mkdtempSync(path.join(tmpdir(), "istio-egress-credentials-"));
  const folder = path.join(parent, "credentials");
  before(() => issueCredentials(folder, "https://127.0.0.1:20001"));
  after(() => rmSync(parent, { recursive: true }));

  const files = () => {
    const { kubeconfigs, admin, serviceAccount } = credentialFiles(folder);
    return [kubeconfigs.admin, kubeconfigs.istiod, admin.key, serviceAccount.publicKey];
  };

  it("stays as long as they do, and changes with a half of any of them", () => {
    const whole = fingerprint(folder);
    assert.match(whole ?? "", /^[0-9a-f]{64}$/);
    for (const file of files()) {
      const text = readFileSync(file, "utf8");
      writeFileSync(file, text.slice(0, text.length / 2));
      assert.notEqual(fingerprint(folder), whole, file);
      writeFileSync(file, text);
      assert.equal(fingerprint(folder), whole);
    }
  });

  it("isn't there where one of them is gone", () => {
    rmSync(files()[0]!);
    assert.equal(fingerprint(folder), undefined);
  });
});
