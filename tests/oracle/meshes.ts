/** Random meshes that are dense in the cases where rules meet. */
import fc from "fast-check";
import type { Client, KubeObject } from "../../mesh/index.js";
import { ruleObjects, rules } from "./arbitraries/destination-rules.js";
import {
  distinct,
  DOMAIN,
  namespace,
  seldom,
  type ValueOf,
  workloadLabels,
} from "./arbitraries/names.js";
import { asOf } from "./arbitraries/older.js";
import { peerAuthentication, sidecar, virtualServices } from "./arbitraries/scopes.js";
import { serviceEntries } from "./arbitraries/service-entries.js";
import { service } from "./arbitraries/services.js";
import { backendObjects, backends, pod, workloadEntry } from "./arbitraries/workloads.js";
import { type Generation, NEWEST } from "./generations.js";
import { pickHidden } from "./hidden.js";
import type { Question } from "./question.js";

/** `z` has objects of its own in no mesh. */
const clientNamespace = fc.oneof(
  { weight: 9, arbitrary: namespace },
  { weight: 1, arbitrary: fc.constant("z") },
);

const client = fc
  .record({
    namespace: clientNamespace,
    labels: workloadLabels,
    gateway: seldom(fc.constant(true), 6),
  })
  .map(({ gateway, ...client }): Client => (gateway ? { ...client, gateway } : client));

const clients = fc.uniqueArray(client, {
  minLength: 1,
  maxLength: 4,
  selector: (one) => JSON.stringify(one),
});

const facts = fc.record(
  {
    clusterDomain: fc.constantFrom("cluster.local", "cluster.local", "corp.example"),
    rootNamespace: fc.constantFrom("istio-system", "istio-system", "istio-system", "n", "x"),
    enableAutoMtls: fc.constantFrom(true, true, true, false),
    defaultDestinationRuleExportTo: fc.constantFrom(
      ...[["*"], ["*"], ["*"], ["."], ["x"], [".", "y"]],
    ),
    revision: fc.constantFrom("default", "default", "canary"),
  },
  { requiredKeys: ["clusterDomain"] },
);

/** Numbers that pick values to hide: in half of the meshes, since every other part is in half of them too. */
const hidden = fc.option(fc.array(fc.nat(), { minLength: 1, maxLength: 3 }), {
  nil: undefined,
  freq: 2,
});

/** Several kinds, of some of which most meshes have none. */
const parts = fc.record({
  services: distinct(service, { minLength: 1, maxLength: 5 }),
  rules,
  backends: mostlyNone(backends),
  others: fc.tuple(
    mostlyNone(distinct(pod, { maxLength: 3 })),
    mostlyNone(serviceEntries),
    mostlyNone(distinct(workloadEntry, { maxLength: 2 })),
    mostlyNone(distinct(sidecar, { maxLength: 2 })),
    mostlyNone(virtualServices),
    mostlyNone(distinct(peerAuthentication, { maxLength: 3 })),
  ),
});

function objectsOf({ services, rules, backends, others }: ValueOf<typeof parts>): unknown[] {
  return [
    ...services,
    ...ruleObjects(rules, services),
    ...backendObjects(backends, services),
    ...others.flat(),
  ];
}

/** A list that is empty in more than half of the meshes. */
export function mostlyNone<T>(list: fc.Arbitrary<T[]>): fc.Arbitrary<T[]> {
  return fc.oneof(fc.constant<T[]>([]), list);
}

/**
 * Any mesh that istiod of a generation reads in process. Absent values are absent, as in JSON. Unbiased:
 * small meshes have few meetings, and shrinking finds the small ones anyway.
 */
export function meshOf(generation: Generation): fc.Arbitrary<Question> {
  return fc
    .noBias(fc.record({ parts, clients, mesh: facts, hidden }))
    .map(({ parts, clients, mesh, hidden }) => {
      const objects = asOf(generation, inDomain(objectsOf(parts), mesh.clusterDomain));
      const facts = { ...generation.facts, ...mesh };
      const question: Question = { id: "", objects, clients, mesh: facts };
      return hidden ? { ...question, hidden: pickHidden(objects, hidden) } : question;
    });
}

/** Meshes of the newest Istio. */
export const mesh: fc.Arbitrary<Question> = meshOf(NEWEST);

/** The objects with the mesh's domain in their hosts. */
export function inDomain(objects: unknown[], clusterDomain: string): KubeObject[] {
  const text = JSON.stringify(objects).replaceAll(DOMAIN, clusterDomain);
  return JSON.parse(text) as KubeObject[];
}
