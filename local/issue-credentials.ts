import { mkdirSync } from "node:fs";
import type { JsonGeneralNames } from "@peculiar/x509";
import { stringify } from "yaml";
import {
  type KeyPair,
  createAuthority,
  exportKey,
  generateKeys,
  issueClient,
  issueServer,
} from "./authority.js";
import {
  type CredentialFiles,
  type KeyPairFiles,
  USERS,
  type User,
  credentialFiles,
} from "./credentials.js";
import { writeWhole } from "./files.js";
import { LOOPBACK } from "./ports.js";

const SERVER_NAMES: JsonGeneralNames = [
  { type: "ip", value: LOOPBACK },
  { type: "dns", value: "localhost" },
];

/**
 * Issues fresh credentials for a plane whose API server is at `apiServer` (a URL). The folder gets
 * mode 0700 and each file 0600; the keys of the two authorities are never written.
 */
export async function issueCredentials(folder: string, apiServer: string): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const files = credentialFiles(folder);
  const [ca, etcdCa] = await Promise.all([
    createAuthority("istio-egress-ca"),
    createAuthority("etcd-ca"),
  ]);
  writeWhole(files.ca, ca.certificate.toString("pem"));
  writeWhole(files.etcdCa, etcdCa.certificate.toString("pem"));
  await Promise.all([
    issueServer(etcdCa, "etcd", SERVER_NAMES).then((pair) => writePair(files.etcd, pair)),
    issueClient(etcdCa, "kube-apiserver").then((pair) => writePair(files.etcdClient, pair)),
    issueServer(ca, "kube-apiserver", SERVER_NAMES).then((pair) => writePair(files.server, pair)),
    writeServiceAccountKeys(files.serviceAccount),
    ...(Object.keys(USERS) as User[]).map(async (user) => {
      const { name, group } = { group: undefined, ...USERS[user] };
      const pair = await issueClient(ca, name, group);
      const authority = ca.certificate.toString("pem");
      writeWhole(files.kubeconfigs[user], kubeconfigOf(apiServer, authority, pair));
      if (user === "admin") writePair(files.admin, pair);
    }),
  ]);
}

async function writeServiceAccountKeys(files: CredentialFiles["serviceAccount"]): Promise<void> {
  const keys = await generateKeys();
  writeWhole(files.privateKey, await exportKey("pkcs8", keys.privateKey));
  writeWhole(files.publicKey, await exportKey("spki", keys.publicKey));
}

function writePair(files: KeyPairFiles, pair: KeyPair): void {
  writeWhole(files.cert, pair.cert);
  writeWhole(files.key, pair.key);
}

/** A kubeconfig that holds all it needs, so that it can be copied and used anywhere on this machine. */
function kubeconfigOf(server: string, authority: string, pair: KeyPair): string {
  const name = "istio-egress";
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    clusters: [{ name, cluster: { server, "certificate-authority-data": base64(authority) } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    users: [
      {
        name,
        user: {
          "client-certificate-data": base64(pair.cert),
          "client-key-data": base64(pair.key),
        },
      },
    ],
  });
}
