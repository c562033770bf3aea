import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { stringify } from "yaml";
import { plainAccess } from "../../stack/plainAccess.js";

const base64 = (text: string) => Buffer.from(text).toString("base64");

/** A kubeconfig of one cluster and one user, who are in the contexts `first` and `second`. */
function kubeconfig(cluster: object, user: object): string {
  return stringify({
    clusters: [{ name: "there", cluster }],
    users: [{ name: "someone", user }],
    contexts: ["first", "second"].map((name) => ({
      name,
      context: { cluster: "there", user: "someone" },
    })),
    "current-context": "first",
  });
}

const SERVER = { server: "https://10.0.0.1:6443/" };
const TOKEN = { token: "s3cret" };

describe("a kubeconfig that needs no client library", () => {
  it("gives its certificates to the request", () => {
    const cluster = { ...SERVER, "certificate-authority-data": base64("ca") };
    const user = {
      "client-certificate-data": base64("cert"),
      "client-key-data": base64("key"),
    };
    assert.deepEqual(plainAccess(kubeconfig(cluster, user), "second"), {
      server: "https://10.0.0.1:6443",
      options: { ca: Buffer.from("ca"), cert: Buffer.from("cert"), key: Buffer.from("key") },
    });
  });

  it("gives its token to the request", () => {
    const found = plainAccess(kubeconfig(SERVER, TOKEN));
    assert.deepEqual(found?.options.headers, { authorization: "Bearer s3cret" });
  });

  it("is found at its path, and where KUBECONFIG says", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "istio-egress-access-"));
    const before = process.env.KUBECONFIG;
    try {
      const file = path.join(folder, "config");
      writeFileSync(file, kubeconfig(SERVER, TOKEN));
      process.env.KUBECONFIG = file;
      for (const found of [plainAccess(file), plainAccess()]) {
        assert.equal(found?.server, "https://10.0.0.1:6443");
      }
    } finally {
      if (before === undefined) delete process.env.KUBECONFIG;
      else process.env.KUBECONFIG = before;
      rmSync(folder, { recursive: true });
    }
  });

  const others: [what: string, kubeconfig: string, context?: string][] = [
    ["one that isn't there", "/nowhere/config"],
    ["one that is no YAML", "a: b: c"],
    ["an unknown context", kubeconfig(SERVER, TOKEN), "third"],
    ["a program that logs in", kubeconfig(SERVER, { exec: { command: "login" } })],
    ["a certificate in a file", kubeconfig(SERVER, { "client-certificate": "cert.pem" })],
    ["a token in a file", kubeconfig(SERVER, { tokenFile: "token" })],
    ["a password", kubeconfig(SERVER, { username: "someone", password: "s3cret" })],
    ["another name for the server", kubeconfig({ ...SERVER, "tls-server-name": "x" }, TOKEN)],
    [
      "a server that is trusted blindly",
      kubeconfig({ ...SERVER, "insecure-skip-tls-verify": true }, TOKEN),
    ],
    ["a proxy", kubeconfig({ ...SERVER, "proxy-url": "http://proxy:3128" }, TOKEN)],
    ["no server", kubeconfig({}, TOKEN)],
  ];
  for (const [what, text, context] of others) {
    it(`isn't ${what}`, () => assert.equal(plainAccess(text, context), undefined));
  }

  it("isn't any where the environment names a proxy", () => {
    process.env.HTTPS_PROXY = "http://proxy:3128";
    try {
      assert.equal(plainAccess(kubeconfig(SERVER, TOKEN)), undefined);
    } finally {
      delete process.env.HTTPS_PROXY;
    }
  });
});
