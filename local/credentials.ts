import { createHash } from "node:crypto";
import { join } from "node:path";
import { textOf } from "./files.js";

/**
 * Who talks to the API server, and as whom. Parts that are ordinary workloads of a cluster come as
 * their service account, so that the RBAC rules written for it are what they really get.
 */
export const USERS = {
  admin: { name: "admin", group: "system:masters" },
  "kube-controller-manager": { name: "system:kube-controller-manager" },
  "kube-scheduler": { name: "system:kube-scheduler" },
  kwok: { name: "system:serviceaccount:kube-system:kwok-controller" },
  istiod: { name: "system:serviceaccount:istio-system:istiod" },
} as const satisfies Record<string, { name: string; group?: string }>;

export type User = keyof typeof USERS;

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
