import { groupBy, kindSpec } from "../../mesh/index.js";
import type { StackCluster } from "../adapter.js";
import type { Judgement } from "../judgement.js";
import { type Finding, type PolicyRule, framework, ISTIO_TASK } from "../rule.js";
import { type StackObject, identity, refOf } from "../stack-object.js";
import { entry, listed, nameOf, shortened } from "../wording.js";

/** Two resources that are one Kubernetes object delete what the other still declares. */
export const oneObjectOneResource: PolicyRule = {
  metadata: {
    name: "egress-one-object-one-resource",
    displayName: "One object, one resource",
    description: "Two resources of a stack must not be the same Kubernetes object.",
    enforcementLevel: "mandatory",
    severity: "high",
    framework: framework("TLS settings for external services"),
    tags: ["kubernetes", "pulumi"],
    remediationSteps:
      "Declare the object once; or give one of the two another name, namespace or cluster. What several " +
      "write parts of is one resource and Patch resources beside it.",
    url: ISTIO_TASK,
  },
  why: `Kubernetes knows an object by its group, kind, namespace and name, and Pulumi by what its resource
is called. Where two resources are one object, each writes over what the other has written, or fails
for a conflict of field managers. And when one of them goes, because an alias is removed or gets
another name, the object goes, though the other one still declares it: a rule that is gone in silence
takes its TLS away. The preview of that change shows nothing of it, so the change before is refused.
Objects whose names aren't known in a preview are listed by
[egress-undecided-tls](egress-undecided-tls.md). Secrets and ConfigMaps aren't read.`,
  example: {
    reported: `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: httpbin.org, namespace: default }
spec:
  hosts: [httpbin.org]
  location: MESH_EXTERNAL
  resolution: DNS
  ports: [{ name: http, number: 80, protocol: HTTP }]
---
apiVersion: networking.istio.io/v1beta1 # another version of the same object
kind: ServiceEntry
metadata: { name: httpbin.org, namespace: default }
spec:
  hosts: [httpbin.org]
  location: MESH_EXTERNAL
  resolution: DNS
  ports: [{ name: http, number: 80, protocol: HTTP }]
`,
    silent: `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: httpbin.org, namespace: default }
spec:
  hosts: [httpbin.org]
  location: MESH_EXTERNAL
  resolution: DNS
  ports: [{ name: http, number: 80, protocol: HTTP }]
`,
  },
  checkStack: ({ cluster }) => duplicates(cluster).filter(isCertain(cluster)).map(finding),
};

/** Objects that several resources are, or may be: by group, kind, namespace and name. */
function duplicates({ objects }: StackCluster): StackObject[][] {
  const whole = objects.filter((seen) => !seen.patch && isNamed(seen));
  const key = (seen: StackObject) => `${groupOf(seen)}/${identity(seen)}`;
  return groupBy(whole, key).filter((same) => same.length > 1);
}

/** Whether those are in one cluster for certain: two providers' clusters may be indistinguishable. */
function isCertain({ doubtful }: StackCluster): (same: readonly StackObject[]) => boolean {
  return (same) =>
    doubtful.length === 0 || same.some(({ provider }, i) => indexOf(same, provider) < i);
}

function indexOf(same: readonly StackObject[], provider: string): number {
  return same.findIndex((seen) => seen.provider === provider);
}

function finding(same: readonly StackObject[]): Finding {
  const [first, second] = same as [StackObject, StackObject];
  return {
    message: [
      entry(
        nameOf(first),
        `${same.length} resources are this one object: ${listed(namesOf(same))}`,
      ),
      entry("because", "when one of them goes, the object goes, and the other's with it"),
      entry("instead", "declare it once, or give the others another name or namespace"),
    ].join("\n"),
    urn: second.urn,
  };
}

/** Pulumi's names; with their types where these alone don't distinguish them. */
function namesOf(same: readonly StackObject[]): string[] {
  const names = same.map(({ logicalName }) => logicalName);
  if (new Set(names).size === names.length) return names;
  return same.map(({ urn }) => urn.split("::").slice(2).join("::"));
}

/** What may be one object, for all that this preview knows. For `egress-undecided-tls`. */
export function perhapsOneObject({ cluster }: Judgement): Finding[] {
  const certain = isCertain(cluster);
  const apart = duplicates(cluster)
    .filter((same) => !certain(same))
    .map((same) => ({
      message: [
        entry(nameOf(same[0]!), `${listed(namesOf(same))} may be this one object`),
        entry("because", `nothing identifies the clusters of ${listed(cluster.doubtful)}`),
        entry("instead", "give each of these providers a clusterIdentifier"),
      ].join("\n"),
      urn: same[1]!.urn,
    }));
  return [...apart, ...unnamed(cluster)];
}

/** Objects that decide something, whose names may turn out to be another's. */
function unnamed({ objects }: StackCluster): Finding[] {
  const deciding = objects.filter(({ patch, object }) => !patch && kindSpec(object.kind));
  return groupBy(deciding, ({ object }) => object.kind).flatMap((ofKind) => {
    const unknown = ofKind.filter(
      (seen) => !isNamed(seen) && ofKind.some((other) => other !== seen && mayBe(seen, other)),
    );
    if (unknown.length === 0) return [];
    const { kind } = unknown[0]!.object;
    const names = unknown.map(({ logicalName }) => logicalName);
    const message = [
      entry("not known", `the name or the namespace of the ${kind} of ${shortened(names)}`),
      entry("because", `it may be the same object as another ${kind} of the stack`),
      entry("instead", "write names and namespaces as text"),
    ].join("\n");
    return [{ message, urn: unknown[0]!.urn }];
  });
}

/** Whether two objects of one kind differ in nothing that is known of their names. */
function mayBe(one: StackObject, other: StackObject): boolean {
  const [a, b] = [refOf(one), refOf(other)];
  const agree = (left: string, right: string) => left === "" || right === "" || left === right;
  return agree(a.namespace, b.namespace) && agree(a.name, b.name);
}

function isNamed(seen: StackObject): boolean {
  const { namespace, name } = refOf(seen);
  return name !== "" && (namespace !== "" || seen.object.kind === "Namespace");
}

/** The API group: its versions are ways to write one object. */
function groupOf({ object: { apiVersion } }: StackObject): string {
  return apiVersion.includes("/") ? apiVersion.split("/")[0]! : "";
}
