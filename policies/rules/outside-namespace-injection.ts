import { map } from "../fields.js";
import {
  type Finding,
  type ObjectCheck,
  type PolicyRule,
  type StackCheck,
  framework,
  ISTIO_INJECTION,
} from "../rule.js";
import { type StackObject, refOf } from "../stack-object.js";
import { entry, nameOf } from "../wording.js";

const checkObject: ObjectCheck = (seen, { settings: { outsideNamespaces } }) => {
  const { kind, name } = refOf(seen);
  return kind === "Namespace" && outsideNamespaces.includes(name) ? ofNamespace(seen) : [];
};

const checkStack: StackCheck = ({ cluster: { objects } }, { settings: { outsideNamespaces } }) =>
  outsideNamespaces.flatMap((outside) => {
    const namespace = objects.find(
      (seen) => seen.object.kind === "Namespace" && refOf(seen).name === outside,
    );
    const inIt = objects.filter((seen) => refOf(seen).namespace === outside);
    return inIt.flatMap((seen) => ofWorkload(seen, namespace ? labelsOf(namespace.object) : {}));
  });

/** A namespace that is meant to stay outside the mesh does. */
export const outsideNamespaceInjection: PolicyRule = {
  metadata: {
    name: "egress-outside-namespace-injection",
    displayName: "Namespaces outside the mesh stay outside",
    description: "A namespace that is meant to be outside the mesh must not get sidecars.",
    enforcementLevel: "mandatory",
    severity: "medium",
    framework: framework("Before you begin"),
    tags: ["istio", "injection", "namespace"],
    remediationSteps:
      "Remove the label that requests sidecars, or label the namespace istio-injection: disabled: then " +
      "no label of a Pod brings one. " +
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
  checkStack,
};

function ofNamespace(seen: StackObject): Finding[] {
  const labels = labelsOf(seen.object);
  const injection = labels["istio-injection"];
  const revision = labels["istio.io/rev"];
  const found = ambient(labels);
  if (injection === "enabled") found.push("istio-injection: enabled");
  // istio-injection decides where both are there.
  if (typeof revision === "string" && injection === undefined) {
    found.push(`istio.io/rev: ${revision}`);
  }
  return found.map((label) => finding(seen, label, "istio-injection: disabled, or no such label"));
}

/**
 * What a Pod's labels request, as the selectors of Istio's injection webhooks read them: they count
 * only in a namespace that has neither label of its own. One that isn't in the stack may be such.
 */
function ofWorkload(seen: StackObject, namespace: Record<string, unknown>): Finding[] {
  const labels = labelsOf(podOf(seen));
  const inject = labels["sidecar.istio.io/inject"];
  const revision = labels["istio.io/rev"];
  const found = ambient(labels);
  if (namespace["istio-injection"] === undefined && namespace["istio.io/rev"] === undefined) {
    if (inject === "true") found.push('sidecar.istio.io/inject: "true"');
    else if (typeof revision === "string" && inject !== "false") {
      found.push(`istio.io/rev: ${revision}`);
    }
  }
  return found.map((label) => finding(seen, label, "Pods without this label"));
}

function ambient(labels: Record<string, unknown>): string[] {
  const isAmbient = labels["istio.io/dataplane-mode"] === "ambient";
  return isAmbient ? ["istio.io/dataplane-mode: ambient"] : [];
}

function labelsOf({ metadata }: Record<string, unknown>): Record<string, unknown> {
  return map(map(metadata).labels);
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
    urn: seen.urn,
  };
}
