import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
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
import { textOf, writeWhole } from "./files.js";
import { LOOPBACK } from "./ports.js";

const SERVER_NAMES: JsonGeneralNames = [
  { type: "ip", value: LOOPBACK },
  { type: "dns", value: "localhost" },
];

/**
 * Who talks to the API server, and as whom. Parts that are ordinary workloads of a cluster come as
 * their service account, so that the RBAC rules written for it are what they really get.
 */
const USERS = {
  admin: { name: "admin", group: "system:masters" },
  "kube-controller-manager": { name: "system:kube-controller-manager" },
  "kube-scheduler": { name: "system:kube-scheduler" },
  kwok: { name: "system:serviceaccount:kube-system:kwok-controller" },
  istiod: { name: "system:serviceaccount:istio-system:istiod" },
} as const satisfies Record<string, { name: string; group?: string }>;

type User = keyof typeof USERS;

/** A certificate and its key, as file paths. */
export interface KeyPairFiles {
  cert: string;
  key: string;
}

/** Where the credentials of a plane lie. */
export interface CredentialFiles {
  /** Signs the API server's certificate and those of its clients. */
  ca: string;
  /** Signs etcd's certificate and the API server's towards it: no other client gets in. */
  etcdCa: string;
  etcd: KeyPairFiles;
  etcdClient: KeyPairFiles;
  /** Of the API server, the controller manager and the scheduler. */
  server: KeyPairFiles;
  /** The administrator's, for health checks. */
  admin: KeyPairFiles;
  serviceAccount: { privateKey: string; publicKey: string };
  kubeconfigs: Record<User, string>;
}

/** The paths below `folder`; nothing is read or written. */
export function credentialFiles(folder: string): CredentialFiles {
  const pair = (name: string) => ({
    cert: join(folder, `${name}.crt`),
    key: join(folder, `${name}.key`),
  });
  const kubeconfig = (user: User) => join(folder, `${user}.kubeconfig`);
  return {
    ca: join(folder, "ca.crt"),
    etcdCa: join(folder, "etcd-ca.crt"),
    etcd: pair("etcd"),
    etcdClient: pair("etcd-client"),
    server: pair("server"),
    admin: pair("admin"),
    serviceAccount: {
      privateKey: join(folder, "service-account.key"),
      publicKey: join(folder, "service-account.pub"),
    },
    kubeconfigs: {
      admin: kubeconfig("admin"),
      "kube-controller-manager": kubeconfig("kube-controller-manager"),
      "kube-scheduler": kubeconfig("kube-scheduler"),
      kwok: kubeconfig("kwok"),
      istiod: kubeconfig("istiod"),
    },
  };
}

/**
 * Identifies these credentials among all others, and from what a fault has made of them.
 *
 * @returns undefined where one of them is gone
 */
export function fingerprint(folder: string): string | undefined {
  const { kubeconfigs, serviceAccount, ...rest } = credentialFiles(folder);
  const files = [rest, kubeconfigs, serviceAccount].flatMap(pathsIn).sort();
  const hash = createHash("sha256");
  for (const file of files) {
    const text = textOf(file);
    if (text === undefined) return undefined;
    hash.update(`${text.length}\n${text}`);
  }
  return hash.digest("hex");
}

function pathsIn(files: object): string[] {
  return Object.values(files).flatMap((file: string | object) =>
    typeof file === "string" ? [file] : pathsIn(file),
  );
}

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
