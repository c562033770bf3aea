/**
 * The Service of an alias and its endpoints: what an ExternalService is made of, and the half of an
 * EgressAlias that isn't about TLS.
 */
import { interpolate, output } from "@pulumi/pulumi";
import type { Input, Output } from "@pulumi/pulumi";
import { Endpoints } from "@pulumi/kubernetes/core/v1/endpoints.js";
import type { EndpointsArgs } from "@pulumi/kubernetes/core/v1/endpoints.js";
import { Service } from "@pulumi/kubernetes/core/v1/service.js";
import type { ServiceArgs } from "@pulumi/kubernetes/core/v1/service.js";
import { EndpointSlice } from "@pulumi/kubernetes/discovery/v1/endpointSlice.js";
import type { EndpointSliceArgs } from "@pulumi/kubernetes/discovery/v1/endpointSlice.js";
import type { AliasPort } from "../../catalogue/ports.js";
import { type ChildOptions, childOptions } from "../resources/child.js";
import { MANAGED_BY } from "../resources/labels.js";
import { createChild, type Transform } from "../resources/transform.js";
import type { InsidePods, InsideService, Location } from "./location.js";
import {
  addressesServiceSpec,
  byFamily,
  endpointSubsets,
  type Family,
  nameServiceSpec,
  sliceContent,
  sliceLabels,
  sliceSuffix,
} from "./serviceObjects.js";

/** Which Kubernetes API carries the addresses of an alias. */
export type EndpointsApi = "Endpoints" | "EndpointSlice";

/** What an alias stands for: one name outside, or addresses outside; never both. */
export type AliasTarget =
  | {
      /** A DNS name, lower case, without a trailing dot: the Service is of type ExternalName. */
      externalName: Input<string>;
      /** What takes the external name's place when the alias is located inside. */
      inside?: InsideService;
      addresses?: undefined;
    }
  | {
      /**
       * IP addresses: the Service has no selector and gets a cluster IP. For EndpointSlice, IPv6
       * addresses must be plain text; an address that is an Output counts as IPv4.
       */
      addresses: readonly Input<string>[];
      /**
       * `Endpoints` is what the task writes; deprecated from Kubernetes 1.33, where
       * `EndpointSlice` is what to use. Changing it creates the new objects before the old go.
       * @default "Endpoints"
       */
      endpointsApi?: EndpointsApi;
      /**
       * What takes the addresses' place when the alias is located inside. Needs `EndpointSlice`:
       * Kubernetes takes Endpoints away from a Service that selects Pods before it finds the Pods.
       */
      inside?: InsidePods;
      externalName?: undefined;
    };

/** The Service of an alias: its name, its target, its ports. */
export type ExternalServiceArgs = AliasTarget & {
  /** Name of the Service, and with it the first label of the alias. */
  name: Input<string>;
  /** Namespace of the Service. @default "default" */
  namespace?: Input<string>;
  /** What clients call. @example [{ name: "http", port: 80 }] */
  ports: readonly AliasPort[];
  /**
   * Where the server runs. Changing it changes the Service in place, and takes the old servers away
   * only when the new ones are ready. `inside` needs the argument of that name.
   * @default "outside"
   */
  location?: Location;
  /** The cluster's DNS domain. @default "cluster.local" */
  clusterDomain?: string;
  /** The escape hatch: changes what a child is created with, where no argument does. */
  transform?: {
    service?: Transform<ServiceArgs>;
    endpoints?: Transform<EndpointsArgs>;
    endpointSlice?: Transform<EndpointSliceArgs>;
  };
};

/** What stands for something outside in the cluster. */
export interface ServiceChildren {
  service: Service;
  endpoints?: Endpoints;
  endpointSlices: readonly EndpointSlice[];
  /** `<name>.<namespace>.svc.<cluster domain>` */
  host: Output<string>;
  /** Undefined for an ExternalName. */
  clusterIP: Output<string | undefined>;
}

/** Creates them in an order in which the Service never has no endpoints. */
export function createServiceChildren(
  name: string,
  args: ExternalServiceArgs,
  opts: ChildOptions,
): ServiceChildren {
  const { namespace = "default", transform } = args;
  const metadata = { name: args.name, namespace, labels: MANAGED_BY };
  const sliced = args.addresses && args.endpointsApi === "EndpointSlice";
  const endpointSlices = createSlices(name, args, opts);
  const service = createChild(
    Service,
    `${name}-service`,
    { metadata: { ...metadata, annotations: annotations(args) }, spec: serviceSpec(args) },
    // On its way back outside it still has its Pods until the addresses are there.
    childOptions(
      opts,
      { type: "kubernetes:core/v1:Service", name: `${name}-service` },
      endpointSlices,
    ),
    transform?.service,
  );
  const endpoints =
    args.addresses && !sliced
      ? createChild(
          Endpoints,
          `${name}-endpoints`,
          { metadata, subsets: endpointSubsets(args.addresses, args.ports) },
          childOptions(opts, { type: "kubernetes:core/v1:Endpoints", name: `${name}-endpoints` }, [
            service,
          ]),
          transform?.endpoints,
        )
      : undefined;
  return {
    service,
    ...(endpoints && { endpoints }),
    endpointSlices,
    host: output(hostOf(args)),
    clusterIP: args.addresses ? service.spec.clusterIP : output(undefined),
  };
}

/** `<name>.<namespace>.svc.<cluster domain>`; plain text where it can be, which takes the SDK no time. */
export function hostOf({
  name,
  namespace = "default",
  clusterDomain = "cluster.local",
}: Pick<ExternalServiceArgs, "name" | "namespace" | "clusterDomain">): Input<string> {
  return typeof name === "string" && typeof namespace === "string"
    ? `${name}.${namespace}.svc.${clusterDomain}`
    : interpolate`${name}.${namespace}.svc.${clusterDomain}`;
}

/** One per address family, while the servers are outside. */
function createSlices(
  name: string,
  args: ExternalServiceArgs,
  opts: ChildOptions,
): EndpointSlice[] {
  const { namespace = "default", location, ports, transform } = args;
  if (!args.addresses || args.endpointsApi !== "EndpointSlice" || location === "inside") return [];
  return byFamily(args.addresses).map(([family, members]) => {
    const type = "kubernetes:discovery.k8s.io/v1:EndpointSlice";
    const own = { type, name: name + sliceSuffix(family) };
    const slice = endpointSlice(args.name, namespace, family, members, ports);
    const options = childOptions(opts, own);
    return createChild(EndpointSlice, own.name, slice, options, transform?.endpointSlice);
  });
}

/**
 * The provider waits for a Service only where Pods must be ready. A selector that is meant to find
 * none would keep it waiting. When an external name changes, one that waits (4.25.0) now and then
 * saves the name that it had before: the change back is then not seen.
 */
function annotations({ addresses, inside, location }: ExternalServiceArgs) {
  const waits = addresses && (!inside || location === "inside");
  return waits ? undefined : { "pulumi.com/skipAwait": "true" };
}

function serviceSpec(args: ExternalServiceArgs): NonNullable<ServiceArgs["spec"]> {
  if (args.addresses) return addressesServiceSpec(args);
  const name = args.location === "inside" ? insideName(args) : args.externalName;
  return nameServiceSpec(name, args.ports);
}

function insideName({ inside, namespace, clusterDomain }: ExternalServiceArgs): Output<string> {
  const { service, namespace: own = namespace ?? "default" } = inside as InsideService;
  return interpolate`${service}.${own}.svc.${clusterDomain ?? "cluster.local"}`;
}

function endpointSlice(
  service: Input<string>,
  namespace: Input<string>,
  family: Family,
  addresses: readonly Input<string>[],
  ports: readonly AliasPort[],
): EndpointSliceArgs {
  const name = interpolate`${service}${sliceSuffix(family)}`;
  const metadata = { name, namespace, labels: sliceLabels(service) };
  return { metadata, ...sliceContent(family, addresses, ports) };
}
