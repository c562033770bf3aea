import { setTimeout as sleep } from "node:timers/promises";
import { type Administrator, AdminClient, RefusedError } from "./api-server.js";
import type { KubeObject } from "./kube-object.js";

/** Of a CustomResourceDefinition, which kinds it has the API server serve. */
interface DefinitionSpec {
  group: string;
  names: { kind: string };
  versions: { name: string; served: boolean }[];
}

/** A plane's API server, as its administrator sees it. */
export class Cluster {
  readonly #server: AdminClient;
  /** The kinds of the definitions that were applied. */
  readonly #kinds: { apiVersion: string; kind: string }[] = [];

  constructor(administrator: Administrator) {
    this.#server = new AdminClient(administrator);
  }

  /** Creates or updates objects: namespaces first, because others can't be created without. */
  async apply(objects: readonly KubeObject[]): Promise<void> {
    const isNamespace = ({ kind }: KubeObject) => kind === "Namespace";
    for (const wave of [
      objects.filter(isNamespace),
      objects.filter((object) => !isNamespace(object)),
    ]) {
      await Promise.all(wave.map((object) => this.#server.apply(object)));
    }
    this.#kinds.push(...objects.flatMap(kindsOf));
  }

  /**
   * Waits until the mesh does what it is for: a Pod that is labelled for it gets a sidecar, a broken rule
   * is refused, the node takes Pods, and every kind that was defined is served. Nothing is created.
   *
   * @throws the last thing that was missing, when `deadline` (as of `Date.now()`) has passed
   */
  async untilUsable(deadline: number): Promise<void> {
    const checks = [
      () => this.#injects(),
      () => this.#validates(),
      () => this.#nodeIsReady(),
      ...this.#kinds.map((one) => () => this.#isServed(one)),
    ];
    await Promise.all(checks.map((check) => untilSatisfied(check, deadline)));
  }

  async #injects(): Promise<string | undefined> {
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        name: "istio-egress-probe",
        namespace: "default",
        labels: { "sidecar.istio.io/inject": "true" },
      },
      spec: { containers: [{ name: "probe", image: "probe" }] },
    };
    const { spec } = (await this.#server.tryCreate(pod)) as unknown as Pod;
    const containers = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
    const injected = containers.some(({ name }) => name === "istio-proxy");
    return injected ? undefined : "a Pod that should get a sidecar gets none";
  }

  async #validates(): Promise<string | undefined> {
    const rule = {
      // Every release serves this one.
      apiVersion: "networking.istio.io/v1beta1",
      kind: "DestinationRule",
      metadata: { name: "istio-egress-probe", namespace: "default" },
      // A host that only istiod refuses: the CRD's schema allows any string.
      spec: { host: "1.2.3.4" },
    };
    try {
      await this.#server.tryCreate(rule);
      return "a broken DestinationRule is accepted";
    } catch (error) {
      if (error instanceof RefusedError && error.message.includes("denied the request"))
        return undefined;
      throw error;
    }
  }

  /** An API server lists the kinds one by one, after a restart, too, and Pulumi's provider reads the list. */
  async #isServed({ apiVersion, kind }: { apiVersion: string; kind: string }): Promise<undefined> {
    await this.#server.requireKind(apiVersion, kind);
  }

  async #nodeIsReady(): Promise<string | undefined> {
    const node = { apiVersion: "v1", kind: "Node", metadata: { name: "fake" } };
    const { status } = (await this.#server.read(node)) as unknown as Node;
    const ready = status?.conditions?.some(
      ({ type, status }) => type === "Ready" && status === "True",
    );
    return ready ? undefined : "the fake node isn't ready";
  }
}

/** The kinds that an object defines, in every version that is served. */
function kindsOf(object: KubeObject): { apiVersion: string; kind: string }[] {
  if (object.kind !== "CustomResourceDefinition") return [];
  const { group, names, versions } = object["spec"] as DefinitionSpec;
  return versions
    .filter(({ served }) => served)
    .map(({ name }) => ({ apiVersion: `${group}/${name}`, kind: names.kind }));
}

interface Pod {
  spec?: { containers?: { name: string }[]; initContainers?: { name: string }[] };
}

interface Node {
  status?: { conditions?: { type: string; status: string }[] };
}

/** Repeats a check until it finds nothing wrong. */
async function untilSatisfied(
  check: () => Promise<string | undefined>,
  deadline: number,
): Promise<void> {
  for (;;) {
    const wrong = await check().catch((error: unknown) => summaryOf(error));
    if (wrong === undefined) return;
    if (Date.now() > deadline) throw new Error(`The embedded mesh doesn't get ready: ${wrong}.`);
    await sleep(50);
  }
}

function summaryOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n").slice(0, 4).join(" ").slice(0, 300);
}
