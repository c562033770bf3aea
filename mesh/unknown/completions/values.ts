import type { Labels } from "../../input/plain.js";
import { UNREADABLE } from "../../input/plain.js";
import type { ObjectRef } from "../../input/kube-object.js";
import { ABSENT, UNKNOWN_ADDRESS, UNKNOWN_NAME } from "../../input/unknowns.js";

/** What makes a difference depends on what else is there. */
export interface CompletionContext {
  /** Hosts that the question is about; for an alias of unknown name, any that a rule names. */
  hosts: readonly string[];
  /** Names of Services that those hosts belong to. */
  serviceNames: readonly string[];
  /** VirtualServices without hosts, and what routes delegate to. */
  delegates: readonly Pick<ObjectRef, "namespace" | "name">[];
  clientNamespace: string;
  clientLabels: Labels;
  /** Namespaces of the client, of the services and the root. */
  namespaces: readonly string[];
  /** Hosts of the other rules, wildcards among them. */
  ruleHosts: readonly string[];
  /** Sets that other rules are exported to. */
  exportSets: readonly (readonly string[])[];
  /** Labels that other rules select by. */
  selectors: readonly Labels[];
  /** Labels that services select their workloads by. */
  serviceSelectors: readonly Labels[];
  /** Labels that workloads have. */
  workloads: readonly Labels[];
  subsetNames: readonly string[];
  /** Names of ports that services and endpoints have. */
  portNames: readonly string[];
  /** Names of Pods, and names that endpoints refer to Pods by. */
  podNames: readonly string[];
  /** Port numbers that services have and rules name. */
  ports: readonly number[];
  /** Addresses of the services' endpoints. */
  addresses: readonly string[];
  /** An address inside the cluster's own ranges, where they are known. */
  inside: readonly string[];
}

/** The values to try at a place. */
export type Values = (context: CompletionContext) => readonly unknown[];
/** Places of an object, each with its values; the first that fits counts. */
export type CompletionRows = readonly (readonly [RegExp, Values])[];

/** A name that nothing has. */
export const NOBODY = UNKNOWN_NAME;
/** A port that no rule names. */
export const OTHER_PORT = 65535;

/** An address outside. */
export const OUTSIDE = UNKNOWN_ADDRESS;

/** Labels that nothing has. */
export const OTHER_LABELS = { [UNREADABLE]: UNREADABLE };

/** Namespaces that make a difference, and one that doesn't. */
export const namespaces: Values = (context) => [NOBODY, ...context.namespaces];

/** A name in a namespace. */
export const metadata =
  (names: Values): Values =>
  (context) =>
    context.namespaces
      .concat(NOBODY)
      .flatMap((namespace) => names(context).map((name) => ({ name, namespace })));

/** A name that makes no difference. */
export const something: Values = () => [UNREADABLE];

/** Names of Services, and another one. */
export const serviceName: Values = ({ serviceNames }) => [UNREADABLE, ...serviceNames];

/** Port numbers that make a difference, and another one. */
export const portNumber: Values = ({ ports }) => [...ports, OTHER_PORT];
export const portReference: Values = (context) => portNumber(context).map((number) => ({ number }));

/** Port names that make a difference, and another one. */
export const portName: Values = ({ portNames }) => [UNREADABLE, "udp", ...portNames];

/** An address outside, one inside, and those that are known. */
export const addresses: Values = ({ addresses, inside }) => [OUTSIDE, ...inside, ...addresses];
/** An empty list, or one item for each address. */
export const noneOr =
  (wrap: (address: unknown) => unknown): Values =>
  (context) => [[], ...addresses(context).map((address) => [wrap(address)])];

/** Names of Pods, and another one. */
export const podName: Values = ({ podNames }) => [UNREADABLE, ...podNames];

/** With a sidecar in front, and without one. */
export const TLS_MODES = ["istio", "disabled"];
/** Labels that say so. */
export const tlsLabels: Values = () => [
  ABSENT,
  ...TLS_MODES.map((mode) => ({ "security.istio.io/tlsMode": mode })),
];

/** Nothing, or one of the values. */
export const absentOr =
  (values: Values): Values =>
  (context) => [ABSENT, ...values(context)];
/** Nothing, or a list of one of the values. */
export const absentOrList =
  (values: Values): Values =>
  (context) => [ABSENT, ...values(context).map((value) => [value])];
