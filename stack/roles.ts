/**
 * The roles in which a stack may have one Kubernetes object. A resource's type and those of its
 * parents are part of its identity in Pulumi: an edit that gives an object another role would
 * create what is there already, and then delete it.
 */
import { type CustomResourceOptions, getProject, getStack } from "@pulumi/pulumi";
import type { EgressAliasArgs } from "../components/egressAlias.js";
import { ISTIO_API_VERSION } from "../components/resources/istioApi.js";
import { TOKENS } from "../components/resources/tokens.js";
import { formerName, type FormerNames } from "./formerNames.js";

/** Type and name of a resource in a component, the component's name left out. */
interface Role {
  component: keyof typeof TOKENS;
  type: string;
  suffix: string;
}

const NAMESPACE: readonly Role[] = [
  { component: "InjectedNamespace", type: "core/v1:Namespace", suffix: "namespace" },
  { component: "InjectedNamespace", type: "core/v1:NamespacePatch", suffix: "label" },
  { component: "WithoutIstioNamespace", type: "core/v1:Namespace", suffix: "namespace" },
];

const SERVICE: readonly Role[] = [
  { component: "EgressAlias", type: "core/v1:Service", suffix: "service" },
  { component: "ExternalService", type: "core/v1:Service", suffix: "service" },
  { component: "SleepDeployment", type: "core/v1:Service", suffix: "service" },
];

type Aliasing = (args: object, opts: CustomResourceOptions) => void;

/**
 * Lets a namespace stay what it is when its client gets a sidecar or loses it, and when the stack
 * stops making it, or starts to.
 *
 * @param id the name of the component, which must be of this namespace alone
 * @returns transforms for InjectedNamespace and WithoutIstioNamespace
 */
export function namespaceInAnyRole(id: string): Record<"namespace" | "patch", Aliasing> {
  const patch = inAnyRole(NAMESPACE, id);
  const [key, value] = signature();
  const namespace = (args: { metadata?: object }, opts: CustomResourceOptions) => {
    args.metadata = { ...args.metadata, annotations: { [key]: value } };
    patch(args, opts);
  };
  return { namespace, patch };
}

/** The annotation on the namespaces that this stack makes, which go with it. */
export function signature(): [key: string, value: string] {
  return ["istio-egress/stack", `${getProject()}/${getStack()}`];
}

/** The same for the Service of a SleepDeployment, which may have been an alias's. */
export function clientInAnyRole(id: string): Record<"service", Aliasing> {
  return { service: inAnyRole(servicesBut("SleepDeployment"), id) };
}

/**
 * The same for an EgressAlias, whose Service may have been a client's, and whose target's objects may
 * have another alias's name in the state.
 *
 * @param names what the state calls them, if it isn't by the targets' names
 */
export function aliasInAnyRole(id: string, names?: FormerNames): Record<AliasChild, Aliasing> {
  const service = inAnyRole(servicesBut("EgressAlias"), id);
  const ofTarget = (kind: string): Aliasing => {
    const type = `kubernetes:${ISTIO_API_VERSION}:${kind}`;
    return (args, opts) => {
      ownFormerParents(args, opts);
      if (!names) return;
      // No other: another target's objects may have borne this alias's name.
      const urn = formerName(names, type, (args as { metadata: object }).metadata);
      opts.aliases = urn === undefined || urn.includes(OWN_CHILD) ? [] : [urn];
    };
  };
  return {
    service: (args, opts) => {
      ownFormerParents(args, opts);
      service(args, opts);
    },
    endpoints: ownFormerParents,
    endpointSlice: ownFormerParents,
    rule: ownFormerParents,
    targetRule: ofTarget("DestinationRule"),
    serviceEntry: ofTarget("ServiceEntry"),
    virtualService: ofTarget("VirtualService"),
  };
}

/** Of the URN of a Kubernetes object of an EgressAlias, which is as it is called now. */
const OWN_CHILD = `::${TOKENS.EgressAlias}$kubernetes:`;

type AliasChild = keyof NonNullable<EgressAliasArgs["transform"]>;

function servicesBut(own: Role["component"]): Role[] {
  return SERVICE.filter(({ component }) => component !== own);
}

/**
 * Leaves out the URNs of children of a component in an EgressAlias. Programs have them that used the
 * library's version 0.2, and this one never did; each takes the SDK the time of a third of a resource.
 */
const ownFormerParents: Aliasing = (_, opts) => {
  const nested = `::${TOKENS.EgressAlias}$istio-egress:`;
  opts.aliases = (opts.aliases ?? []).filter(
    (alias) => typeof alias !== "string" || !alias.includes(nested),
  );
};

function inAnyRole(roles: readonly Role[], id: string): Aliasing {
  return (_, opts) => {
    const stack = `urn:pulumi:${getStack()}::${getProject()}`;
    const others = roles.map(
      ({ component, type, suffix }) =>
        `${stack}::${TOKENS[component]}$kubernetes:${type}::${id}-${suffix}`,
    );
    // The component may have given one of them.
    opts.aliases = [...new Set([...others, ...(opts.aliases ?? [])])];
  };
}
