import type { PolicyResource } from "@pulumi/policy";
import { parseAllDocuments } from "yaml";
import type { KubeObject } from "../../mesh/index.js";
import { kubernetesResource } from "../harness/index.js";

/** The resources of a stack that declares the objects of a YAML stream. */
export function stackOf(...streams: string[]): PolicyResource[] {
  return streams.flatMap(objectsOf).map((object) => kubernetesResource(object));
}

/** The objects of a YAML stream. */
export function objectsOf(stream: string): KubeObject[] {
  return parseAllDocuments(stream).map((document) => document.toJS() as KubeObject);
}

/** The task's ExternalName alias. */
export const HTTPBIN = `
apiVersion: v1
kind: Service
metadata: { name: my-httpbin, namespace: default }
spec:
  type: ExternalName
  externalName: httpbin.org
  ports: [{ name: http, protocol: TCP, port: 80 }]
`;

/** The task's alias without a selector, and its addresses. */
export const WIKIPEDIA = `
apiVersion: v1
kind: Service
metadata: { name: my-wikipedia, namespace: default }
spec:
  ports: [{ name: tls, protocol: TCP, port: 443 }]
---
apiVersion: v1
kind: Endpoints
metadata: { name: my-wikipedia, namespace: default }
subsets:
  - addresses: [{ ip: 91.198.174.192 }, { ip: 198.35.26.96 }]
    ports: [{ name: tls, port: 443 }]
`;

/** A DestinationRule; `spec` in YAML, without the host. */
export function rule(
  name: string,
  host: string,
  spec: string,
  { namespace = "default", version = "v1" } = {},
): string {
  return `
apiVersion: networking.istio.io/${version}
kind: DestinationRule
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  host: "${host}"
  ${spec.trim().replaceAll("\n", "\n  ")}
`;
}

/** `trafficPolicy` with one mode at its top. */
export function tls(mode: string): string {
  return `trafficPolicy: { tls: { mode: ${mode} } }`;
}

/** A message without the line breaks that keep its paragraphs within the terminal. */
export function unwrapped(message: string | undefined): string {
  return (message ?? "").replaceAll("\n  ", " ");
}
