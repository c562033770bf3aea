import { map } from "../fields.js";
import { type Finding, type ObjectCheck, type Rule, framework, ISTIO_INJECTION } from "../rule.js";
import { type StackObject, refOf } from "../stack-object.js";
import { entry, nameOf } from "../wording.js";

const checkObject: ObjectCheck = (seen, { settings: { outsideNamespaces } }) => {
  const { kind, namespace, name } = refOf(seen);
  if (kind === "Namespace") {
    return outsideNamespaces.includes(name) ? ofNamespace(seen) : [];
  }
  return outsideNamespaces.includes(namespace) ? ofWorkload(seen) : [];
};

/** A namespace that is meant to stay outside the mesh does. */
export const outsideNamespaceInjection: Rule = {
  metadata: {
    name: "egress-outside-namespace-injection",
    displayName: "Namespaces outside the mesh stay outside",
    description: "A namespace that is meant to be outside the mesh must not get sidecars.",
    enforcementLevel: "mandatory",
    severity: "medium",
    framework: framework("Before you begin"),
    tags: ["istio", "injection", "namespace"],
    remediationSteps:
      "Remove the label that asks for sidecars, or label the namespace istio-injection: disabled. " +
      "Which namespaces are outside is a setting: outsideNamespaces.",
    url: ISTIO_INJECTION,
  },
  why: `Calls from outside the mesh are what shows that an alias works without Istio. With a sidecar
in that namespace they show nothing any more, and whatever else relies on plain traffic there breaks.`,
  example: {
    reported: `apiVersion: v1
kind: Namespace
metadata:
  name: without-istio
  labels: { istio-injection: enabled }
`,
    silent: `apiVersion: v1
kind: Namespace
metadata:
  name: without-istio
  labels: { istio-injection: disabled }
`,
  },
  checkObject,
};

function ofNamespace(seen: StackObject): Finding[] {
  const labels = map(map(seen.object.metadata).labels);
  const injection = labels["istio-injection"];
  const revision = labels["istio.io/rev"];
  const found: string[] = [];
  if (injection === "enabled") found.push("istio-injection: enabled");
  // istio-injection decides where both are there.
  if (typeof revision === "string" && injection !== "disabled") {
    found.push(`istio.io/rev: ${revision}`);
  }
  if (labels["istio.io/dataplane-mode"] === "ambient") {
    found.push("istio.io/dataplane-mode: ambient");
  }
  return found.map((label) => finding(seen, label, "istio-injection: disabled, or no such label"));
}

function ofWorkload(seen: StackObject): Finding[] {
  const labels = map(map(podOf(seen).metadata).labels);
  const asksFor = [
    ["sidecar.istio.io/inject", "true"],
    ["istio.io/dataplane-mode", "ambient"],
  ] as const;
  return asksFor
    .filter(([label, value]) => labels[label] === value)
    .map(([label, value]) => finding(seen, `${label}: "${value}"`, "Pods without this label"));
}

/** The Pod itself, or the template that Pods are made from. */
function podOf({ object }: StackObject): Record<string, unknown> {
  const spec = map(object.spec);
  switch (object.kind) {
    case "Pod":
      return object;
    case "CronJob":
      return map(map(map(spec.jobTemplate).spec).template);
    default:
      return map(spec.template);
  }
}

function finding(seen: StackObject, label: string, instead: string): Finding {
  return {
    message: [
      entry(nameOf(seen), `the label ${label} puts it into the mesh`),
      entry("instead", instead),
    ].join("\n"),
  };
}
