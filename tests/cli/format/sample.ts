import { parseManifests } from "../../../cli/input/manifests.js";
import type { Judgement } from "../../../cli/judgement.js";
import { type Client, type ObjectRef, readMesh, type Verdict } from "../../../mesh/index.js";

export const CLIENTS: Client[] = [
  { namespace: "default", labels: { app: "web" } },
  { namespace: "istio-system", gateway: true },
  { namespace: "shop" },
];

export const WIKIPEDIA = ref("Service", "default/my-wikipedia");
export const HTTPBIN = ref("Service", "default/my-httpbin");

/** `namespace/name` of a kind. */
export function ref(kind: string, text: string): ObjectRef {
  const [namespace = "", name = ""] = text.split("/");
  return { kind, namespace, name };
}

/** A verdict about my-wikipedia on port 443, ok unless told otherwise. */
export function verdict(client: number, more: Partial<Verdict> = {}): Verdict {
  return {
    alias: WIKIPEDIA,
    why: "external-address",
    target: "198.35.26.96",
    host: "my-wikipedia.default.svc.cluster.local",
    client: CLIENTS[client] ?? { namespace: "unnamed" },
    clientIndex: client,
    port: 443,
    subset: "",
    verdict: "ok",
    tls: "PLAIN",
    ...more,
  };
}

const RULE = `# one rule, with a tls block on each level
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: mesh-mtls
  namespace: shop
spec:
  host: "*.local"
  trafficPolicy:
    tls:
      mode: ISTIO_MUTUAL
    portLevelSettings:
      - port: { number: 80 }
      - port: { number: 443 }
        tls:
          mode: ISTIO_MUTUAL
  subsets:
    - name: v1
    - name: v2
      trafficPolicy:
        tls:
          mode: ISTIO_MUTUAL
        portLevelSettings:
          - port: { number: 443 }
            tls:
              mode: ISTIO_MUTUAL
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: of-no-interest
`;

/** The answer to a question about {@link RULE} and what else the verdicts speak of. */
export function judgement(more: Partial<Judgement>): Judgement {
  const manifests = [...parseManifests(RULE, "deploy/rule.yaml")];
  return {
    mesh: readMesh(manifests.map(({ object }) => object)),
    manifests,
    clients: CLIENTS,
    verdicts: [],
    inert: [],
    shadowed: [],
    unmodelled: [],
    calls: [],
    notes: [],
    ...more,
  };
}
