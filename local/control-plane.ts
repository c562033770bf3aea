import { type CredentialFiles, type KeyPairFiles } from "./credentials.js";
import { type Part, type Ports, planeFiles } from "./part.js";
import { LOOPBACK } from "./ports.js";
import type { Tools } from "./tools.js";

/**
 * The controllers that the Istio task needs: workloads become Pods, Services get EndpointSlices
 * (istiod reads nothing else, so Endpoints must be mirrored), namespaces get their default service
 * account and can be deleted.
 */
const CONTROLLERS = [
  "deployment-controller",
  "replicaset-controller",
  "endpoints-controller",
  "endpointslice-controller",
  "endpointslice-mirroring-controller",
  "namespace-controller",
  "serviceaccount-controller",
  "garbage-collector-controller",
];

/** Virtual addresses of Services. */
const SERVICE_CIDR = "10.96.0.0/16";

/** What every part is made from. */
export interface PartInputs {
  stateDir: string;
  tools: Tools;
  ports: Ports;
  credentials: CredentialFiles;
}

/** etcd, as a store for one API server: only that one's client certificate gets in. */
export function etcdPart({ stateDir, tools, ports, credentials }: PartInputs): Part {
  const url = `https://${LOOPBACK}:${ports.etcd}`;
  return {
    name: "etcd",
    command: [
      ...tools.etcd,
      `--data-dir=${planeFiles(stateDir).etcd}`,
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      `--cert-file=${credentials.etcd.cert}`,
      `--key-file=${credentials.etcd.key}`,
      `--trusted-ca-file=${credentials.etcdCa}`,
      "--client-cert-auth",
      // It has no peers, but always listens for some: on a port that the kernel picks.
      `--listen-peer-urls=https://${LOOPBACK}:0`,
      `--peer-cert-file=${credentials.etcd.cert}`,
      `--peer-key-file=${credentials.etcd.key}`,
      `--peer-trusted-ca-file=${credentials.etcdCa}`,
      "--peer-client-cert-auth",
      // The data is thrown away with the plane: surviving a power cut isn't worth the waiting.
      "--unsafe-no-fsync",
      "--log-level=warn",
    ],
    environment: {},
    health: { url: `${url}/health`, tls: { ca: credentials.etcdCa, ...credentials.etcdClient } },
  };
}

/** kube-apiserver: RBAC on, nobody anonymous. */
export function apiServerPart({ tools, ports, credentials }: PartInputs): Part {
  const { serviceAccount } = credentials;
  return {
    name: "kube-apiserver",
    command: [
      ...tools.kubeApiserver,
      ...serving(ports.apiServer, credentials.server),
      `--etcd-servers=https://${LOOPBACK}:${ports.etcd}`,
      `--etcd-cafile=${credentials.etcdCa}`,
      `--etcd-certfile=${credentials.etcdClient.cert}`,
      `--etcd-keyfile=${credentials.etcdClient.key}`,
      `--client-ca-file=${credentials.ca}`,
      "--anonymous-auth=false",
      "--authorization-mode=RBAC",
      "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
      `--service-account-signing-key-file=${serviceAccount.privateKey}`,
      `--service-account-key-file=${serviceAccount.publicKey}`,
      `--service-cluster-ip-range=${SERVICE_CIDR}`,
      // The fake node would be tainted as not ready, and no controller runs that takes it away.
      "--disable-admission-plugins=TaintNodesByCondition",
      // Without these it would look up and print an address of this machine's network card.
      `--advertise-address=${LOOPBACK}`,
      "--external-hostname=localhost",
      // Kubernetes refuses loopback addresses as endpoints of its own `kubernetes` Service.
      "--endpoint-reconciler-type=none",
    ],
    // A fifth of what its start takes would go into collecting garbage; it may grow by 300 MB instead.
    environment: { GOGC: "400", GOMEMLIMIT: "1GiB" },
    health: {
      url: `${apiServerUrl(ports)}/readyz`,
      tls: { ca: credentials.ca, ...credentials.admin },
    },
  };
}

/** Where the API server listens. */
export function apiServerUrl(ports: Ports): string {
  return `https://${LOOPBACK}:${ports.apiServer}`;
}

/** kube-controller-manager, with only the {@link CONTROLLERS} that matter. */
export function controllerManagerPart({ tools, ports, credentials }: PartInputs): Part {
  return {
    name: "kube-controller-manager",
    command: [
      ...tools.kubeControllerManager,
      ...serving(ports.controllerManager, credentials.server),
      `--kubeconfig=${credentials.kubeconfigs["kube-controller-manager"]}`,
      `--controllers=${CONTROLLERS.join(",")}`,
      "--use-service-account-credentials",
      "--leader-elect=false",
    ],
    environment: {},
    health: {
      url: `https://${LOOPBACK}:${ports.controllerManager}/healthz`,
      tls: { ca: credentials.ca },
    },
  };
}

/** kube-scheduler, as it comes. */
export function schedulerPart({ tools, ports, credentials }: PartInputs): Part {
  return {
    name: "kube-scheduler",
    command: [
      ...tools.kubeScheduler,
      ...serving(ports.scheduler, credentials.server),
      `--kubeconfig=${credentials.kubeconfigs["kube-scheduler"]}`,
      "--leader-elect=false",
    ],
    environment: {},
    health: {
      url: `https://${LOOPBACK}:${ports.scheduler}/healthz`,
      tls: { ca: credentials.ca },
    },
  };
}

function serving(port: number, pair: KeyPairFiles): string[] {
  return [
    `--bind-address=${LOOPBACK}`,
    `--secure-port=${port}`,
    `--tls-cert-file=${pair.cert}`,
    `--tls-private-key-file=${pair.key}`,
  ];
}
