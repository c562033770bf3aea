/** Which cases a mesh holds, so that the coverage of a run can be judged. */
import type { KubeObject } from "../../mesh/index.js";
import type { Answer, Outbound, Question } from "./question.js";

interface Spec {
  [field: string]: unknown;
  host?: string;
  hosts?: string[];
  exportTo?: string[];
}

/** A mesh with istiod's answer, in the form in which features are looked for. */
export interface Case {
  question: Question;
  objects: {
    kind: string;
    namespace: string;
    name: string;
    created: string;
    spec: Spec;
    raw: string;
  }[];
  answer: Answer;
  clusters: Outbound[];
}

const rules = (mesh: Case) => mesh.objects.filter(({ kind }) => kind === "DestinationRule");
/** Whether some object of a kind has a text in its JSON. */
export const has = (mesh: Case, kind: string, test: RegExp = /./) =>
  mesh.objects.some((object) => object.kind === kind && test.test(object.raw));
const sends = (mesh: Case, test: (cluster: Outbound) => boolean) => mesh.clusters.some(test);

/** Rules that share a host and a namespace, so that they are merged or stand side by side. */
function meeting(mesh: Case): Case["objects"][] {
  const groups: Record<string, Case["objects"]> = {};
  for (const rule of rules(mesh)) (groups[`${rule.namespace}/${rule.spec.host}`] ??= []).push(rule);
  return Object.values(groups).filter((group) => group.length > 1);
}

/** The rules with a workloadSelector, as `namespace/name`. */
function selectors(mesh: Case): Set<string> {
  const selecting = rules(mesh).filter(({ spec }) => spec.workloadSelector !== undefined);
  return new Set(selecting.map(({ namespace, name }) => `${namespace}/${name}`));
}

/** Names of features, and how each shows. */
export type Features = Record<string, (mesh: Case) => boolean>;

const FEATURES: Features = {
  "Service: ExternalName": (m) => has(m, "Service", /"ExternalName"/),
  "Service: headless": (m) => has(m, "Service", /"None"/),
  "Service: with a selector": (m) => has(m, "Service", /"selector":\{"/),
  "Service: exportTo": (m) => has(m, "Service", /networking.istio.io\/exportTo/),
  "Service: UDP port": (m) => has(m, "Service", /"UDP"|udp-fake/),
  "EndpointSlice: address outside": (m) => has(m, "EndpointSlice", /91\.198|203\.0/),
  "EndpointSlice: of no service": (m) => has(m, "EndpointSlice", /"labels":\{"(app|multicluster)/),
  "EndpointSlice: FQDN or IPv6": (m) => has(m, "EndpointSlice", /"FQDN"|"IPv6"/),
  "Pod: with a sidecar": (m) => has(m, "Pod", /tlsMode/),
  "Pod: without": (m) =>
    m.objects.some(({ kind, raw }) => kind === "Pod" && !raw.includes("tlsMode")),
  "ServiceEntry: MESH_EXTERNAL": (m) => has(m, "ServiceEntry", /MESH_EXTERNAL/),
  "ServiceEntry: MESH_INTERNAL": (m) => has(m, "ServiceEntry", /MESH_INTERNAL/),
  "ServiceEntry: host of a Service": (m) => has(m, "ServiceEntry", /\.svc\./),
  "ServiceEntry: wildcard host": (m) => has(m, "ServiceEntry", /"hosts":\[.*"\*\./),
  "ServiceEntry: selects workloads": (m) => has(m, "ServiceEntry", /workloadSelector/),
  WorkloadEntry: (m) => has(m, "WorkloadEntry"),
  "WorkloadEntry: probed": (m) => has(m, "WorkloadEntry", /health-checks-enabled/),
  "endpoint: with a locality": (m) => has(m, "ServiceEntry", /"locality"/),
  "Sidecar: egress hosts": (m) => has(m, "Sidecar", /egress/),
  "Sidecar: listener with a port": (m) => has(m, "Sidecar", /"number"/),
  "Sidecar: takes hosts away": (m) => has(m, "Sidecar", /"~/),
  "Sidecar: workloadSelector": (m) => has(m, "Sidecar", /workloadSelector/),
  "VirtualService beside a Sidecar": (m) => has(m, "VirtualService") && has(m, "Sidecar"),
  "VirtualService: delegates, Sidecar": (m) =>
    has(m, "VirtualService", /"delegate"/) && has(m, "Sidecar"),
  PeerAuthentication: (m) => has(m, "PeerAuthentication"),
  "rule: wildcard host": (m) => rules(m).some(({ spec }) => spec.host?.startsWith("*")),
  "rule: dotless host": (m) => rules(m).some(({ spec }) => /^[^.]+$/.test(spec.host ?? "")),
  "rule: dead host form": (m) =>
    rules(m).some(({ spec }) => /[A-Z]|\.$|^[^.*]+\.[^.]+(\.svc)?$/.test(spec.host ?? "")),
  "rule: exportTo": (m) => rules(m).some(({ spec }) => spec.exportTo !== undefined),
  "rule: workloadSelector": (m) => has(m, "DestinationRule", /workloadSelector/),
  "rule: portLevelSettings": (m) => has(m, "DestinationRule", /portLevelSettings/),
  "rule: subsets": (m) => has(m, "DestinationRule", /"subsets"/),
  "rule: tls without a mode": (m) => has(m, "DestinationRule", /"tls":\{("sni|"sub|\})/),
  "rule: PASSTHROUGH": (m) => has(m, "DestinationRule", /PASSTHROUGH/),
  "rule: credentialName": (m) => has(m, "DestinationRule", /credentialName/),
  "rule: of a revision": (m) => has(m, "DestinationRule", /istio\.io\/rev/),
  "rules meet on a host": (m) => meeting(m).length > 0,
  "rules meet, equally old": (m) =>
    meeting(m).some((group) => new Set(group.map(({ created }) => created)).size < group.length),
  "rules meet, different exportTo": (m) =>
    meeting(m).some(
      (group) => new Set(group.map(({ spec }) => JSON.stringify(spec.exportTo))).size > 1,
    ),
  "an object the webhook refuses": (m) => (m.answer.refused ?? []).length > 0,
  "client: gateway": (m) => m.question.clients.some(({ gateway }) => gateway),
  "client: in the root namespace": (m) =>
    m.question.clients.some(
      ({ namespace }) => namespace === (m.question.mesh.rootNamespace ?? "istio-system"),
    ),
  "client: of a rule's selector": (m) => sends(m, ({ rule }) => selectors(m).has(rule ?? "")),
  "mesh: other cluster domain": (m) => m.question.mesh.clusterDomain !== "cluster.local",
  "mesh: auto mTLS off": (m) => m.question.mesh.enableAutoMtls === false,
  "mesh: default exportTo of rules": (m) =>
    (m.question.mesh.defaultDestinationRuleExportTo?.join() ?? "*") !== "*",
  "values hidden from the model": (m) => m.question.hidden !== undefined,
  "istiod: ISTIO_MUTUAL": (m) => sends(m, ({ tls }) => tls === "ISTIO_MUTUAL"),
  "istiod: ISTIO_MUTUAL, no rule": (m) =>
    sends(m, ({ tls, rule }) => tls === "ISTIO_MUTUAL" && rule === undefined),
  "istiod: SIMPLE or MUTUAL": (m) => sends(m, ({ tls }) => tls === "SIMPLE" || tls === "MUTUAL"),
  "istiod: AUTO": (m) => sends(m, ({ tls }) => tls === "AUTO"),
  "istiod: PLAIN by a rule": (m) =>
    sends(m, ({ tls, rule }) => tls === "PLAIN" && rule !== undefined),
  "istiod: subset cluster": (m) => sends(m, ({ subset }) => subset !== ""),
  "istiod: clients differ": (m) =>
    new Set((m.answer.clients ?? []).map((client) => JSON.stringify(client))).size > 1,
};

/** Counts the meshes that hold each feature. */
export class Coverage {
  readonly counts: Map<string, number>;

  constructor(readonly features: Features = FEATURES) {
    this.counts = new Map(Object.keys(features).map((name) => [name, 0]));
  }

  add(question: Question, answer: Answer): void {
    const mesh: Case = {
      question,
      objects: question.objects.map(read),
      answer,
      clusters: (answer.clients ?? []).flatMap(({ clusters }) => clusters),
    };
    for (const [name, holds] of Object.entries(this.features)) {
      if (holds(mesh)) this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    }
  }
}

function read(object: KubeObject): Case["objects"][number] {
  const metadata = object.metadata as Record<string, string | undefined>;
  return {
    kind: object.kind,
    namespace: metadata.namespace ?? "",
    name: metadata.name ?? "",
    created: metadata.creationTimestamp ?? "",
    spec: (object.spec ?? {}) as Spec,
    raw: JSON.stringify(object),
  };
}
