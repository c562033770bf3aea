/** The objects of an EgressGuard, as data: the component creates them. Imports no Pulumi SDK. */
import { ADDRESS_QUESTION } from "./addresses.js";
import { ruleQuestion } from "./destinationRules.js";
import { parameterVariables, type GuardParameters } from "./parameters.js";
import type { GuardChecks } from "./variable.js";

/** What becomes of a request that is wrong. `Deny` refuses it; the others let it pass. */
export type ValidationAction = "Deny" | "Warn" | "Audit";

/** The options of an EgressGuard besides its parameters. */
export interface GuardOptions {
  /** What the policies and their bindings are named after: one guard of a cluster, one name. */
  name: string;
  validationActions: readonly ValidationAction[];
  /** Namespaces with one of these labels aren't guarded. */
  exemptNamespaces: Readonly<Record<string, string>>;
}

/** The label of namespaces that aren't guarded, unless the guard's owner has others. */
export const EXEMPT_NAMESPACES = { "istio-egress/guard": "exempt" } as const;

/** A ValidatingAdmissionPolicy and its binding: the checks, and what happens to an object that fails one. */
export interface Guard {
  /** Of both. */
  name: string;
  policy: ReturnType<typeof policySpec>;
  binding: ReturnType<typeof bindingSpec>;
}

/** All objects of a guard. */
export interface GuardObjects {
  /** About DestinationRules. */
  rules: Guard;
  /** About what Services stand for. */
  addresses: Guard;
}

const RULES: ResourceRules = [
  { apiGroups: ["networking.istio.io"], apiVersions: ["*"], resources: ["destinationrules"] },
];

const STANDS_FOR_SERVERS: ResourceRules = [
  { apiGroups: [""], apiVersions: ["v1"], resources: ["services", "endpoints"] },
  { apiGroups: ["discovery.k8s.io"], apiVersions: ["v1"], resources: ["endpointslices"] },
];

/** The objects that an EgressGuard creates, before any transform. */
export function guardObjects(options: GuardOptions, parameters: GuardParameters): GuardObjects {
  const guard = (what: string, question: GuardChecks, resourceRules: ResourceRules): Guard => {
    const name = `${options.name}-${what}`;
    return {
      name,
      policy: policySpec(options, question, resourceRules),
      binding: bindingSpec(options, name),
    };
  };
  return {
    rules: guard("rules", ruleQuestion(parameterVariables(parameters)), RULES),
    addresses: guard("addresses", ADDRESS_QUESTION, STANDS_FOR_SERVERS),
  };
}

type ResourceRules = { apiGroups: string[]; apiVersions: string[]; resources: string[] }[];

function policySpec(
  { validationActions }: GuardOptions,
  { matchConditions, variables, expression, message }: GuardChecks,
  resourceRules: ResourceRules,
) {
  return {
    // An answer that can't be had counts as a bad one, unless nothing is to be refused anyway.
    failurePolicy: validationActions.includes("Deny") ? "Fail" : "Ignore",
    matchConstraints: {
      // Whatever version it is written in.
      matchPolicy: "Equivalent",
      resourceRules: resourceRules.map((rule) => ({ ...rule, operations: ["CREATE", "UPDATE"] })),
    },
    matchConditions: [...matchConditions],
    variables: [...variables],
    validations: [{ expression, messageExpression: message, reason: "Forbidden" }],
  };
}

function bindingSpec({ validationActions, exemptNamespaces }: GuardOptions, policyName: string) {
  const matchExpressions = Object.entries(exemptNamespaces).map(([key, value]) => ({
    key,
    operator: "NotIn",
    values: [value],
  }));
  return {
    policyName,
    validationActions: [...validationActions],
    ...(matchExpressions.length > 0 && {
      matchResources: { namespaceSelector: { matchExpressions } },
    }),
  };
}
