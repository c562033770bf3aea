import assert from "node:assert/strict";
import { X509Certificate, createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { credentialFiles } from "../../local/credentials.js";
import { issueCredentials } from "../../local/issue-credentials.js";

describe("the credentials of a plane", () => {
  const parent = mkdtempSync(join(tmpdir(), "istio-egress-credentials-"));
  const folder = join(parent, "credentials");
  const files = credentialFiles(folder);
  const certificate = (file: string) => new X509Certificate(readFileSync(file));

  before(() => issueCredentials(folder, "https://127.0.0.1:20001"));
  after(() => rmSync(parent, { recursive: true }));

  it("are readable by their owner only", () => {
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    for (const file of readdirSync(folder)) {
      assert.equal(statSync(join(folder, file)).mode & 0o777, 0o600, file);
    }
  });

  it("hold no key of an authority, so that nobody can issue more of them", () => {
    const authorities = [files.ca, files.etcdCa].map(certificate);
    const keys = readdirSync(folder).filter((file) => file.endsWith(".key"));
    assert.equal(keys.length, 5);
    for (const file of keys) {
      const key = createPrivateKey(readFileSync(join(folder, file)));
      assert.ok(!authorities.some((authority) => authority.checkPrivateKey(key)), file);
    }
  });

  it("prove the API server by address and by name, and open etcd to the API server alone", () => {
    const [ca, etcdCa] = [certificate(files.ca), certificate(files.etcdCa)];
    const server = certificate(files.server.cert);
    assert.ok(server.verify(ca.publicKey) && server.checkIssued(ca));
    assert.ok(server.checkIP("127.0.0.1") && server.checkHost("localhost"));
    assert.ok(!server.checkHost("example.com"));
    const etcdClient = certificate(files.etcdClient.cert);
    assert.ok(etcdClient.verify(etcdCa.publicKey));
    assert.ok(!certificate(files.admin.cert).verify(etcdCa.publicKey));
  });

  it("introduce each part as who it is, and only the administrator as a master", () => {
    const subjects = Object.entries(files.kubeconfigs).map(([user, file]) => {
      const config = new KubeConfig();
      config.loadFromFile(file);
      assert.equal(config.getCurrentCluster()?.server, "https://127.0.0.1:20001");
      const pem = Buffer.from(config.getCurrentUser()?.certData ?? "", "base64");
      return [user, new X509Certificate(pem).subject];
    });
    assert.deepEqual(Object.fromEntries(subjects), {
      admin: "CN=admin\nO=system:masters",
      "kube-controller-manager": "CN=system:kube-controller-manager",
      "kube-scheduler": "CN=system:kube-scheduler",
      kwok: "CN=system:serviceaccount:kube-system:kwok-controller",
      istiod: "CN=system:serviceaccount:istio-system:istiod",
    });
  });

  it("hold a key pair for service account tokens", () => {
    const { privateKey, publicKey } = files.serviceAccount;
    const signature = sign(
      "sha256",
      Buffer.from("token"),
      createPrivateKey(readFileSync(privateKey)),
    );
    const key = createPublicKey(readFileSync(publicKey));
    assert.ok(verify("sha256", Buffer.from("token"), key, signature));
  });

  it("are new each time", async () => {
    const before = readFileSync(files.ca, "utf8");
    await issueCredentials(folder, "https://127.0.0.1:20002");
    assert.notEqual(readFileSync(files.ca, "utf8"), before);
  });
});
