import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { PolicyResource } from "@pulumi/policy";
import fc from "fast-check";
import { stringify } from "yaml";
import type { KubeObject } from "../../mesh/index.js";
import { kubernetesResource, kubernetesToken, resource, unknown } from "../harness/index.js";
import { BOTH, EU, kubeconfig } from "./kubeconfigs.js";

/** A stack that declares the same objects in one cluster, in another way. */
export interface Disguise {
  name: string;
  of: (resources: readonly PolicyResource[]) => fc.Arbitrary<PolicyResource[]>;
}

const folder = mkdtempSync(path.join(tmpdir(), "disguises-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
const FILE = path.join(folder, "kubeconfig");
writeFileSync(FILE, BOTH);

/** Providers of one cluster, or of one that can't be told from it. */
const PROVIDERS: Record<string, unknown>[] = [
  { kubeconfig: BOTH },
  { kubeconfig: BOTH, context: "eu" },
  { kubeconfig: BOTH, cluster: "eu" },
  { kubeconfig: BOTH, context: "us", cluster: "eu" },
  { kubeconfig: stringify(JSON.parse(BOTH)) },
  { kubeconfig: kubeconfig({ another: EU }) },
  { kubeconfig: FILE },
  { kubeconfig: FILE, namespace: "unused" },
  { kubeconfig: unknown },
  { kubeconfig: BOTH, context: unknown },
  { kubeconfig: path.join(folder, "missing") },
  { renderYamlToDirectory: folder },
];

const TOKENS = [
  "kubernetes:made/up:Thing",
  "kubernetes:core/v1:Service",
  "kubernetes:core/v1:ConfigMap",
  "kubernetes:core/v1:ServicePatch",
  "kubernetes:networking.istio.io/v1alpha3:DestinationRule",
  "crds:networking.istio.io/v1:DestinationRule",
];

/** Things that a stack has besides: none of them says anything of TLS. */
const UNRELATED: PolicyResource[] = [
  resource({
    type: "aws:s3/bucket:Bucket",
    name: "bucket",
    props: { name: unknown },
    provider: {},
  }),
  resource({ type: "kubernetes:core/v1:ConfigMap", name: "map", props: { data: unknown } }),
  resource({ type: "kubernetes:core/v1:Secret", name: "secret", props: { metadata: unknown } }),
  resource({ type: "kubernetes:helm.sh/v3:Release", name: "release", props: { chart: unknown } }),
  resource({ type: "kubernetes:yaml/v2:ConfigGroup", name: "group", props: { yaml: unknown } }),
  resource({
    type: "command:local:Command",
    name: "run",
    props: { create: unknown },
    provider: {},
  }),
  resource({ type: "pulumi-nodejs:dynamic:Resource", name: "made", props: {}, provider: {} }),
  resource({ type: "shop:index:Shop", name: "shop", props: {} }),
];

/** Each resource as it is, or another one in its place. */
function each(
  resources: readonly PolicyResource[],
  another: (resource: PolicyResource) => fc.Arbitrary<PolicyResource[]>,
): fc.Arbitrary<PolicyResource[]> {
  return fc.tuple(...resources.map(another)).map((found) => found.flat());
}

function withProvider(one: PolicyResource, props: Record<string, unknown>): PolicyResource {
  const type = "pulumi:providers:kubernetes";
  return { ...one, provider: { type, name: "p", urn: `urn:pulumi:test::test::${type}::p`, props } };
}

function wrapped(resources: readonly PolicyResource[], index: number): PolicyResource[] {
  const items = resources.map(({ props }) => props as KubeObject);
  const list = { apiVersion: "v1", kind: "List", metadata: {}, items } as KubeObject;
  return resources.length === 0 ? [] : [kubernetesResource(list, { name: `list-${index}` })];
}

/** What a rule says of traffic, in a patch of its own. */
function split(one: PolicyResource): PolicyResource[] {
  const object = one.props as KubeObject;
  const { trafficPolicy, ...spec } = (object.spec ?? {}) as Record<string, unknown>;
  const { name } = object.metadata as { name?: unknown };
  if (object.kind !== "DestinationRule" || !trafficPolicy || typeof name !== "string") return [one];
  const type = `${kubernetesToken(object.apiVersion, object.kind)}Patch`;
  return [
    { ...one, props: { ...object, spec } },
    kubernetesResource({ ...object, spec: { trafficPolicy } }, { type, name: `${one.name}-patch` }),
  ];
}

/** In an order in which each still can be put over those before it. */
export const DISGUISES: Disguise[] = [
  {
    name: "in lists",
    of: (resources) =>
      fc
        .array(fc.nat(3), { minLength: resources.length, maxLength: resources.length })
        .map((places) =>
          [1, 2, 3]
            .flatMap((place) =>
              wrapped(
                resources.filter((_, index) => places[index] === place),
                place,
              ),
            )
            .concat(resources.filter((_, index) => places[index] === 0)),
        ),
  },
  {
    name: "with other type tokens",
    of: (resources) =>
      each(resources, (one) => {
        // Its own kind's patch would be another thing.
        const { kind } = one.props as KubeObject;
        const tokens = TOKENS.filter((token) => !token.endsWith(`:${kind}Patch`));
        return fc.constantFrom(one.type, ...tokens).map((type) => [{ ...one, type }]);
      }),
  },
  {
    name: "in objects and patches",
    of: (resources) =>
      each(resources, (one) => fc.boolean().map((isSplit) => (isSplit ? split(one) : [one]))),
  },
  {
    name: "in a collection",
    of: (resources) => {
      const group = resource({ type: "kubernetes:yaml/v2:ConfigGroup", name: "all", props: {} });
      return fc.constant([group, ...resources.map((one) => ({ ...one, parent: group }))]);
    },
  },
  {
    name: "with providers of one cluster",
    of: (resources) =>
      each(resources, (one) =>
        fc.constantFrom(...PROVIDERS).map((provider) => [withProvider(one, provider)]),
      ),
  },
  {
    name: "in another order",
    of: (resources) => fc.shuffledSubarray([...resources], { minLength: resources.length }),
  },
  {
    name: "beside what isn't related",
    of: (resources) => fc.subarray(UNRELATED).map((unrelated) => [...unrelated, ...resources]),
  },
];

/** Several disguises one over the other. */
export function disguised(
  resources: readonly PolicyResource[],
  disguises: readonly Disguise[],
): fc.Arbitrary<PolicyResource[]> {
  return disguises.reduce<fc.Arbitrary<PolicyResource[]>>(
    (before, { of }) => before.chain(of),
    fc.constant([...resources]),
  );
}
