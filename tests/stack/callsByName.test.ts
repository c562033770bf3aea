import assert from "node:assert/strict";
import type { KubernetesObject } from "@kubernetes/client-node";
import { judge, readMesh, type KubeObject } from "../../mesh/index.js";
import { eventually } from "../local/eventually.js";
import {
  namespaces,
  rule,
  service,
  serviceEntry,
  sidecar,
  tls,
  virtualService,
} from "../mesh/objects.js";
import { objectsIn } from "./kube.js";
import { sharedPlane } from "./sharedPlane.js";
import { SidecarView } from "./sidecarView.js";

const ALIAS = "my-api.named.svc.cluster.local";
const TARGET = "api.example";
const HTTP = { number: 80, name: "http", protocol: "HTTP" };

const NAMESPACES = namespaces("caller", "named");

/** An ExternalName of namespace named, and what registers its target in the same one. */
const ALIASED: KubeObject[] = [
  service("named", "my-api", {
    type: "ExternalName",
    externalName: TARGET,
    ports: [{ name: "http", port: 80 }],
  }),
  serviceEntry("named", "api", { hosts: [TARGET], resolution: "DNS", ports: [HTTP] }),
  rule("named", "api", { host: TARGET, ...tls({ mode: "SIMPLE" }) }),
];

const route = { hosts: [ALIAS], http: [{ route: [{ destination: { host: TARGET } }] }] };

interface Case {
  egress: object[];
  more?: KubeObject[];
  isCarried: boolean;
}

const CASES: Record<string, Case> = {
  "all of a namespace": { egress: [{ hosts: ["named/*"] }], isCarried: true },
  "the target alone": { egress: [{ hosts: [`named/${TARGET}`] }], isCarried: false },
  "both by name": { egress: [{ hosts: [`named/${TARGET}`, `named/${ALIAS}`] }], isCarried: true },
  "the alias from everywhere, the target from its namespace": {
    egress: [{ hosts: [`named/${TARGET}`, `*/${ALIAS}`] }],
    isCarried: false,
  },
  "the alias on other ports than the one that is called": {
    egress: [{ port: HTTP, hosts: [`named/${TARGET}`] }, { hosts: ["named/*"] }],
    isCarried: false,
  },
  "a VirtualService of the alias's name": {
    egress: [{ hosts: [`named/${TARGET}`, `*/${ALIAS}`] }],
    more: [virtualService("named", "route", route)],
    isCarried: true,
  },
};

describe("the model and the running istiod's routes, on calls by the name of an ExternalName", function () {
  this.timeout(120_000);
  let kubeconfig: string;
  let caller: SidecarView;

  before(async () => {
    const { plane } = await sharedPlane();
    ({ kubeconfig } = plane);
    caller = new SidecarView(plane, { ip: "10.255.1.1", pod: "nobody", namespace: "caller" });
    await create([...NAMESPACES, ...ALIASED]);
  });
  after(() => remove([...ALIASED, ...NAMESPACES]));

  for (const [what, { egress, more = [], isCarried }] of Object.entries(CASES)) {
    it(`agree that a Sidecar which imports ${what} ${isCarried ? "carries" : "doesn't carry"} them`, async () => {
      const objects = [...more, sidecar("caller", "default", { egress })];
      const [verdict] = judge(readMesh([...ALIASED, ...objects]), [{ namespace: "caller" }]).filter(
        ({ alias, host }) => alias.kind === "Service" && host === TARGET,
      );
      assert.equal(verdict?.tls, isCarried ? "SIMPLE" : undefined);
      try {
        await create(objects);
        await eventually(async () => {
          assert.equal((await clusterFor(TARGET)) ?? "none", `outbound|80||${TARGET}`);
          assert.equal(
            await clusterFor(ALIAS),
            isCarried ? `outbound|80||${TARGET}` : "PassthroughCluster",
          );
          const sent = await caller.cluster(TARGET);
          assert.equal(sent?.routedHosts?.includes(ALIAS), isCarried);
          return true;
        });
      } finally {
        await remove(objects);
      }
    });
  }

  /** Where the caller's proxy sends a request to this host on port 80. */
  async function clusterFor(host: string): Promise<string | undefined> {
    const hosts = await caller.routes(80);
    const found = [host, "*"].flatMap(
      (domain) => hosts.find(({ domains }) => domains.includes(domain)) ?? [],
    );
    return found[0]?.cluster;
  }

  async function create(objects: readonly KubeObject[]): Promise<void> {
    for (const object of objects) await objectsIn(kubeconfig).create(object as KubernetesObject);
  }

  async function remove(objects: readonly KubeObject[]): Promise<void> {
    for (const object of objects.toReversed()) {
      await objectsIn(kubeconfig).delete(object as KubernetesObject);
    }
  }
});
