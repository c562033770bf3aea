import { once } from "node:events";
import { type Server, type Socket, connect, createServer } from "node:net";
import path from "node:path";
import { CoreV1Api, KubeConfig, type V1Pod } from "@kubernetes/client-node";
import type { Plane } from "../plane.js";
import { LOOPBACK } from "../ports.js";
import { REPOSITORY } from "../toolchain/cache.js";
import type { Toolchain } from "../toolchain/index.js";
import { ensureEnvoy } from "./envoy.js";
import { Network, ROUTER_ADDRESS } from "./network.js";
import { SIDECAR_PROGRAMS, type SidecarSecrets, podHost, startPod } from "./pod.js";

/** The port of istiod that sidecars use, and the name by which injection makes them call it. */
const ISTIOD = { name: "istiod.istio-system.svc.cluster.local", port: 15012 };

/** What a lab is made of. */
export interface LabOptions {
  /** The embedded mesh whose Pods, Services and istiod it is about. */
  plane: Plane;
  toolchain: Toolchain;
  /** Names outside the cluster and their IPv4 addresses. */
  names: Readonly<Record<string, readonly string[]>>;
}

/**
 * The network of an embedded mesh's Pods, which its fake node doesn't have: Pods that can be called and
 * can call, with the sidecars that injection gave them; Services (the real kube-proxy); names (CoreDNS);
 * and hosts outside the cluster. Needs what {@link prepareMachine} looks for.
 */
export class Lab {
  readonly #doors: Server[] = [];
  readonly #passing = new Set<Socket>();
  readonly #core: CoreV1Api;

  private constructor(
    readonly network: Network,
    readonly options: LabOptions,
  ) {
    const config = new KubeConfig();
    config.loadFromFile(options.plane.kubeconfig);
    this.#core = config.makeApiClient(CoreV1Api);
  }

  /** @throws naming the part that doesn't work; nothing is left */
  static async open(options: LabOptions): Promise<Lab> {
    const envoy = await ensureEnvoy();
    const lab = new Lab(await Network.open(), options);
    try {
      await lab.#fill(envoy);
    } catch (error) {
      await lab.close();
      throw error;
    }
    return lab;
  }

  async close(): Promise<void> {
    await this.network.close();
    for (const door of this.#doors) door.close();
    for (const socket of this.#passing) socket.destroy();
  }

  /** Gives a Pod its place in the network. @returns once its sidecar, if it has one, is ready */
  async addPod(pod: V1Pod): Promise<void> {
    const sidecar = await startPod(this.network, pod, () => this.#secretsOf(pod));
    if (!sidecar) return;
    const ready = ["curl", "-sS", "--fail", "http://127.0.0.1:15021/healthz/ready"];
    await this.network.until(`the sidecar of ${podHost(pod)} is ready`, async () => {
      const { exitCode } = await this.network.run(podHost(pod), ready);
      return exitCode === 0 || undefined;
    });
  }

  async #fill(envoy: string): Promise<void> {
    const { network, options } = this;
    const { plane, toolchain } = options;
    const agent = path.dirname(toolchain.binaries["pilot-agent"]);
    await network.show(agent, SIDECAR_PROGRAMS.agent);
    await network.show(envoy, SIDECAR_PROGRAMS.envoy);
    await network.replace("/etc/resolv.conf", resolverConfiguration());
    const apiServer = Number(new URL(plane.apiServer).port);
    await this.#openDoors([
      // Where the kubeconfig says that it is.
      { address: LOOPBACK, port: apiServer, to: apiServer },
      { address: ROUTER_ADDRESS, port: ISTIOD.port, to: plane.istiod.secureGrpcPort },
    ]);
    this.#startNames();
    this.#startServices();
    await this.#untilHealthy("CoreDNS", "http://127.0.0.1:8181/ready");
    await this.#untilHealthy("kube-proxy", "http://127.0.0.1:10256/healthz");
  }

  /** Makes ports of the machine's loopback address reachable on the router. */
  async #openDoors(doors: { address: string; port: number; to: number }[]): Promise<void> {
    const { network } = this;
    network.write("/run/doors/.keep", "");
    const specifications = [];
    for (const { address, port, to } of doors) {
      const file = `/run/doors/${port}.sock`;
      const door = createServer((near) => {
        const far = connect(to, LOOPBACK);
        for (const socket of [near, far]) {
          this.#passing.add(socket.once("close", () => this.#passing.delete(socket)));
        }
        near.pipe(far).pipe(near);
        far.on("error", () => near.destroy());
        near.on("error", () => far.destroy());
      });
      door.listen(network.outside(file));
      await once(door, "listening");
      this.#doors.push(door);
      specifications.push(`${address}:${port}=${file}`);
    }
    const register = path.join(REPOSITORY, "register.cjs");
    const forward = path.join(__dirname, "forward.ts");
    network.start({
      name: "the way to the control plane",
      command: [process.execPath, "--require", register, forward, ...specifications],
    });
  }

  /** CoreDNS: the cluster's names from the API server, and the names outside. */
  #startNames(): void {
    const { network, options } = this;
    const outside = Object.entries(options.names).flatMap(([name, addresses]) =>
      addresses.map((address) => `    ${address} ${name}`),
    );
    const lines = [
      ".:53 {",
      `  bind ${ROUTER_ADDRESS}`,
      "  errors",
      `  ready ${LOOPBACK}:8181`,
      "  hosts {",
      `    ${ROUTER_ADDRESS} ${ISTIOD.name}`,
      ...outside,
      "    fallthrough",
      "  }",
      "  kubernetes cluster.local {",
      `    kubeconfig ${options.plane.kubeconfig}`,
      "    ttl 5",
      "  }",
      "}",
    ];
    network.write("/run/Corefile", `${lines.join("\n")}\n`);
    network.start({
      name: "CoreDNS",
      command: [options.toolchain.binaries.coredns, "-conf", "/run/Corefile"],
    });
  }

  /** The real kube-proxy, on the router: what a Service's address means is its business. */
  #startServices(): void {
    const { network, options } = this;
    network.start({
      name: "kube-proxy",
      command: [
        options.toolchain.binaries["kube-proxy"],
        `--kubeconfig=${options.plane.kubeconfig}`,
        "--proxy-mode=iptables",
        "--iptables-min-sync-period=0s",
        "--hostname-override=fake",
        `--bind-address=${ROUTER_ADDRESS}`,
        `--healthz-bind-address=${LOOPBACK}:10256`,
        `--metrics-bind-address=${LOOPBACK}:10249`,
        // Limits of the kernel that belong to the whole machine stay as they are.
        "--conntrack-max-per-core=0",
        "--conntrack-min=0",
        "--conntrack-tcp-timeout-established=0s",
        "--conntrack-tcp-timeout-close-wait=0s",
      ],
    });
  }

  async #untilHealthy(name: string, url: string): Promise<void> {
    await this.network.until(`${name} is ready`, async () => {
      const { exitCode } = await this.network.run(undefined, ["curl", "-sS", "--fail", url]);
      return exitCode === 0 || undefined;
    });
  }

  /** As the kubelet requests them, so that the sidecar's certificate really is its Pod's. */
  async #secretsOf(pod: V1Pod): Promise<SidecarSecrets> {
    const namespace = pod.metadata?.namespace ?? "";
    const { status } = await this.#core.createNamespacedServiceAccountToken({
      namespace,
      name: pod.spec?.serviceAccountName ?? "default",
      body: { spec: { audiences: ["istio-ca"], expirationSeconds: 3600 } },
    });
    const authority = await this.#core.readNamespacedConfigMap({
      namespace,
      name: "istio-ca-root-cert",
    });
    return {
      token: status?.token ?? "",
      rootCertificate: authority.data?.["root-cert.pem"] ?? "",
    };
  }
}

/** What the kubelet writes into a Pod whose dnsPolicy is ClusterFirst. */
function resolverConfiguration(): string {
  return [
    `nameserver ${ROUTER_ADDRESS}`,
    "search default.svc.cluster.local svc.cluster.local cluster.local",
    "options ndots:5",
    "",
  ].join("\n");
}
