import type { Machine } from "../../policies/kubeconfig.js";

/** A certificate of an authority, as far as comparing goes. */
const certificate = (name: string) =>
  `-----BEGIN CERTIFICATE-----\n${Buffer.from(name).toString("base64")}\n-----END CERTIFICATE-----\n`;

interface Cluster {
  server: string;
  /** Authorities, by name. */
  ca?: string[];
  namespace?: string;
}

/** A kubeconfig whose contexts are called after their clusters; the first one is current. */
export function kubeconfig(
  clusters: Record<string, Cluster>,
  current = Object.keys(clusters)[0],
): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": current,
    contexts: Object.entries(clusters).map(([name, { namespace }]) => ({
      name,
      context: { cluster: name, user: "me", namespace },
    })),
    clusters: Object.entries(clusters).map(([name, { server, ca }]) => ({
      name,
      cluster: {
        server,
        ...(ca && {
          "certificate-authority-data": Buffer.from(ca.map(certificate).join("")).toString(
            "base64",
          ),
        }),
      },
    })),
  });
}

export const EU = { server: "https://eu.example:6443", ca: ["eu"] };
export const US = { server: "https://us.example:6443", ca: ["us"] };
/** The current context is eu. */
export const BOTH = kubeconfig({ eu: EU, us: US });
const AS_YAML = `
apiVersion: v1
kind: Config
current-context: eu
contexts: [{ name: eu, context: { cluster: eu } }]
clusters:
  - name: eu
    cluster: { server: "https://EU.example:6443/" }
`;

/** A machine's files. */
export const FILES: Record<string, string> = {
  "/home/me/.kube/config": BOTH,
  "/etc/both": BOTH,
  "/etc/eu": kubeconfig({ eu: EU }),
  "/etc/us": kubeconfig({ us: US }),
  "/etc/yaml": AS_YAML,
  "/etc/broken": "clusters: [",
  "/etc/ca-in-a-file": JSON.stringify({
    "current-context": "c",
    contexts: [{ name: "c", context: { cluster: "c" } }],
    clusters: [
      { name: "c", cluster: { server: "https://10.0.0.1", "certificate-authority": "pki/ca.crt" } },
    ],
  }),
  "/etc/pki/ca.crt": certificate("eu"),
};

/** A machine on which KUBECONFIG says this, or nothing. */
export const machine = (ambient?: string) => (): Machine => ({
  home: "/home/me",
  ambient,
  read: (file) => FILES[file],
});
