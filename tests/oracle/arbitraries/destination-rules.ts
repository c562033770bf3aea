/** DestinationRules: every form of host, visibility, selector, level and TLS that istiod tells apart. */
import fc from "fast-check";
import {
  creationTimestamp,
  DOMAIN,
  exportTo,
  externalHost,
  labelled,
  legalExportTo,
  namespace,
  portNumber,
  seldom,
  serviceName,
  type ValueOf,
  wildcardHost,
  workloadLabels,
} from "./names.js";

/** How the same Service is named in a rule; the last ones look right and match nothing. */
const hostForms: { weight: number; form: (name: string, ns: string) => string }[] = [
  { weight: 20, form: (name, ns) => `${name}.${ns}.svc.${DOMAIN}` },
  { weight: 6, form: (name) => name },
  { weight: 5, form: (_, ns) => `*.${ns}.svc.${DOMAIN}` },
  { weight: 2, form: (name, ns) => `*${name}.${ns}.svc.${DOMAIN}` },
  { weight: 1, form: (name, ns) => `*-${name}.${ns}.svc.${DOMAIN}` },
  { weight: 1, form: (name) => `*${name}` },
  { weight: 2, form: () => `*.svc.${DOMAIN}` },
  { weight: 1, form: () => `*.${DOMAIN}` },
  { weight: 2, form: () => "*" },
  { weight: 1, form: () => "*.local" },
  { weight: 1, form: (name, ns) => `${name}.${ns}.svc.cluster.local` },
  { weight: 1, form: (name, ns) => `${name}.${ns}` },
  { weight: 1, form: (name, ns) => `${name}.${ns}.svc` },
  { weight: 1, form: (name, ns) => `${name}.${ns}.svc.${DOMAIN}.` },
  { weight: 1, form: (name, ns) => `${name}.${ns}.`.toUpperCase() + `svc.${DOMAIN}` },
];

/** A host of no particular Service. */
const otherHost = fc.oneof(
  { weight: 5, arbitrary: externalHost },
  { weight: 3, arbitrary: wildcardHost },
  { weight: 1, arbitrary: fc.constant("up.example") },
  // What the webhook refuses, for a mesh without one.
  { weight: 1, arbitrary: fc.constantFrom(`my-*.n.svc.${DOMAIN}`, "10.0.0.1", "n/w", "") },
);

const ruleHost = fc.record({
  /** Which of the mesh's Services it is about, by index; absent: the one named here. */
  about: fc.option(fc.nat(4), { nil: undefined, freq: 4 }),
  service: serviceName,
  namespace,
  form: fc.oneof(
    ...hostForms.map(({ weight, form }) => ({ weight, arbitrary: fc.constant(form) })),
  ),
  other: seldom(otherHost, 5),
});

const certificates = { clientCertificate: "/c.pem", privateKey: "/k.pem" };

const tls = fc.oneof(
  { weight: 12, arbitrary: fc.constant({ mode: "ISTIO_MUTUAL" }) },
  { weight: 6, arbitrary: fc.constant({ mode: "DISABLE" }) },
  { weight: 3, arbitrary: fc.constant({ mode: "SIMPLE" }) },
  { weight: 2, arbitrary: fc.constant({ mode: "MUTUAL", ...certificates }) },
  {
    weight: 5,
    arbitrary: fc.constantFrom<Record<string, unknown>>(
      {},
      { sni: "h.org" },
      { subjectAltNames: ["h.org"] },
      { mode: "ISTIO_MUTUAL", sni: "h.org", ...certificates },
      { mode: "ISTIO_MUTUAL", credentialName: "secret" },
      { mode: "SIMPLE", credentialName: "secret" },
      { mode: "MUTUAL", credentialName: "secret" },
      { mode: "SIMPLE", credentialName: "configmap://n/roots" },
      { mode: "SIMPLE", insecureSkipVerify: true },
      { mode: "SIMPLE", sni: "h.org", caCertificates: "/ca.pem" },
      { mode: "MUTUAL", insecureSkipVerify: true, ...certificates },
      { mode: "MUTUAL" },
    ),
  },
);

const balancer = (simple: string) => ({ simple });

/** Without outlierDetection: on a host of a DYNAMIC_DNS ServiceEntry it makes istiod panic. */
const settings = {
  tls,
  connectionPool: fc.constant({ tcp: { maxConnections: 1 } }),
  loadBalancer: fc.constantFrom(...["ROUND_ROBIN", "LEAST_REQUEST", "PASSTHROUGH"].map(balancer)),
};

/** A policy says at least one thing, else validation refuses it. */
function sayingSomething<T extends object>(policy: T): T | { connectionPool: object } {
  return Object.keys(policy).length > 0 ? policy : { connectionPool: { tcp: {} } };
}

/** Two entries for one port are allowed; the first counts. */
const portLevelSettings = fc.array(
  fc
    .tuple(portNumber, fc.record(settings, { requiredKeys: [] }))
    .map(([number, policy]) => ({ port: { number }, ...sayingSomething(policy) })),
  { maxLength: 3 },
);

const mostlyTls = fc.oneof(
  // Refused by validation; without the webhook it is a policy that says nothing.
  { weight: 1, arbitrary: fc.constant({}) },
  { weight: 20, arbitrary: fc.record({ tls }) },
  {
    weight: 25,
    arbitrary: fc
      .record(
        { ...settings, portLevelSettings, proxyProtocol: fc.constant({ version: "V2" }) },
        { requiredKeys: [] },
      )
      .map(sayingSomething),
  },
);

const trafficPolicy = fc.option(mostlyTls, { nil: undefined, freq: 6 });

const subsets = fc.uniqueArray(
  fc.record(
    {
      name: fc.constantFrom("v1", "v2"),
      labels: fc.constantFrom(...[{ version: "v1" }, { version: "v1" }, { version: "v2" }], {
        "topology.kubernetes.io/region": "r1",
      }),
      trafficPolicy: mostlyTls,
    },
    { requiredKeys: ["name"] },
  ),
  { maxLength: 2, selector: (subset) => subset.name },
);

const selector = fc
  .oneof({ weight: 3, arbitrary: workloadLabels }, { weight: 1, arbitrary: fc.constant(undefined) })
  .map((matchLabels) => (matchLabels === undefined ? {} : { matchLabels }));

const rule = fc.record({
  version: fc.constantFrom("v1", "v1beta1", "v1alpha3"),
  name: fc.constantFrom("a", "b", "c"),
  namespace,
  creationTimestamp,
  revision: seldom(fc.constantFrom("default", "canary"), 12),
  host: ruleHost,
  exportTo,
  workloadSelector: seldom(selector, 5),
  trafficPolicy,
  subsets: seldom(subsets, 3),
  /** Is about the host of the rule before it, and mostly in its namespace: then the two meet. */
  meets: fc.constantFrom("", "host", "host and namespace"),
});

type Rule = ValueOf<typeof rule>;

/** One to six rules, many of them about one host; {@link ruleObjects} makes the objects. */
export const rules = fc.array(rule, { minLength: 1, maxLength: 6 });

interface Named {
  metadata: { name: string; namespace: string };
}

/** The rules as objects, about the Services of the mesh where they say so. */
export function ruleObjects(rules: Rule[], services: Named[]): unknown[] {
  let before: { host: string; namespace: string } | undefined;
  return rules.map((one, index) => {
    const place = {
      host: before && one.meets !== "" ? before.host : hostOf(one.host, services),
      namespace: before && one.meets === "host and namespace" ? before.namespace : one.namespace,
    };
    before = place;
    return ruleObject(one, place, index);
  });
}

function hostOf(
  { about, service, namespace, form, other }: Rule["host"],
  services: Named[],
): string {
  if (other !== undefined) return other;
  const known = about === undefined ? undefined : services[about % services.length];
  return form(known?.metadata.name ?? service, known?.metadata.namespace ?? namespace);
}

/** The index makes the name unique; the letter before it decides among equally old rules. */
function ruleObject(
  rule: Rule,
  { host, namespace }: { host: string; namespace: string },
  index: number,
) {
  const { workloadSelector, trafficPolicy, subsets, revision } = rule;
  const visibleTo = legalExportTo(rule.exportTo, namespace);
  // Validation: a rule with a selector stays in its namespace.
  const exportTo = workloadSelector && visibleTo?.join() !== "." ? undefined : visibleTo;
  return {
    apiVersion: `networking.istio.io/${rule.version}`,
    kind: "DestinationRule",
    metadata: labelled(
      { name: `${rule.name}${index}`, namespace, creationTimestamp: rule.creationTimestamp },
      revision,
    ),
    spec: { host, exportTo, workloadSelector, trafficPolicy, subsets },
  };
}
