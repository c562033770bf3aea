import { ComponentResource, interpolate, output } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Input, Output } from "@pulumi/pulumi";
import { Endpoints } from "@pulumi/kubernetes/core/v1/endpoints.js";
import type { EndpointsArgs } from "@pulumi/kubernetes/core/v1/endpoints.js";
import { Service } from "@pulumi/kubernetes/core/v1/service.js";
import type { ServiceArgs } from "@pulumi/kubernetes/core/v1/service.js";
import { EndpointSlice } from "@pulumi/kubernetes/discovery/v1/endpointSlice.js";
import type { EndpointSliceArgs } from "@pulumi/kubernetes/discovery/v1/endpointSlice.js";
import { MANAGED_BY, MANAGER } from "./labels.js";
import { transportOf, type AliasPort } from "./ports.js";
import { TOKENS } from "./tokens.js";
import { createChild, inputsOf, type Transform } from "./transform.js";

/** Which Kubernetes API carries the addresses of an alias. */
export type EndpointsApi = "Endpoints" | "EndpointSlice";

/** What an alias stands for: one name outside, or addresses outside; never both. */
export type AliasTarget =
  | {
      /** A DNS name, lower case, without a trailing dot: the Service is of type ExternalName. */
      externalName: Input<string>;
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
      externalName?: undefined;
    };

export type ExternalServiceArgs = AliasTarget & {
  /** Name of the Service, and with it the first label of the alias. */
  name: Input<string>;
  /** @default "default" */
  namespace?: Input<string>;
  ports: readonly AliasPort[];
  /** @default "cluster.local" */
  clusterDomain?: string;
  transform?: {
    service?: Transform<ServiceArgs>;
    endpoints?: Transform<EndpointsArgs>;
    endpointSlice?: Transform<EndpointSliceArgs>;
  };
};

/**
 * A Service that stands for something outside the cluster, under an in-cluster name.
 *
 * @example
 * new ExternalService("my-httpbin", {
 *   name: "my-httpbin",
 *   externalName: "httpbin.org",
 *   ports: [{ name: "http", port: 80 }],
 * });
 *
 * @example
 * const wikipedia = new ExternalService("my-wikipedia", {
 *   name: "my-wikipedia",
 *   addresses: ["91.198.174.192", "198.35.26.96"],
 *   ports: [{ name: "tls", port: 443 }],
 * });
 * export const clusterIP = wikipedia.clusterIP;
 */
export class ExternalService extends ComponentResource {
  readonly service: Service;
  readonly endpoints?: Endpoints;
  /** One per address family. Empty unless endpointsApi is `EndpointSlice`. */
  readonly endpointSlices: readonly EndpointSlice[];
  /** The alias: `<name>.<namespace>.svc.<cluster domain>`. */
  readonly host: Output<string>;
  /** The address that Kubernetes gave the alias; undefined for an ExternalName, which has none. */
  readonly clusterIP: Output<string | undefined>;

  constructor(name: string, args: ExternalServiceArgs, opts?: ComponentResourceOptions) {
    super(TOKENS.ExternalService, name, inputsOf(args), opts);
    const { namespace = "default", clusterDomain = "cluster.local", transform } = args;
    const metadata = { name: args.name, namespace, labels: MANAGED_BY };
    this.service = createChild(
      Service,
      `${name}-service`,
      { metadata, spec: serviceSpec(args) },
      { parent: this },
      transform?.service,
    );

    const afterService = { parent: this, dependsOn: this.service };
    const sliced = args.addresses && args.endpointsApi === "EndpointSlice";
    if (args.addresses && !sliced) {
      this.endpoints = createChild(
        Endpoints,
        `${name}-endpoints`,
        { metadata, subsets: [endpointSubset(args.addresses, args.ports)] },
        afterService,
        transform?.endpoints,
      );
    }
    this.endpointSlices = (sliced ? byFamily(args.addresses) : []).map(([family, addresses]) =>
      createChild(
        EndpointSlice,
        `${name}-${family.toLowerCase()}`,
        endpointSlice(args.name, namespace, family, addresses, args.ports),
        afterService,
        transform?.endpointSlice,
      ),
    );

    this.host = interpolate`${args.name}.${namespace}.svc.${clusterDomain}`;
    this.clusterIP = args.addresses ? this.service.spec.clusterIP : output(undefined);
    this.registerOutputs({ host: this.host, clusterIP: this.clusterIP });
  }
}

/** No selector and no clusterIP, ever: the one would overwrite the addresses, the other is Kubernetes' to give. */
function serviceSpec(args: ExternalServiceArgs): NonNullable<ServiceArgs["spec"]> {
  if (args.addresses) {
    return {
      ports: args.ports.map((port) => ({ ...servicePort(port), targetPort: port.targetPort })),
    };
  }
  // A targetPort means nothing to an ExternalName, which is a CNAME.
  return {
    type: "ExternalName",
    externalName: args.externalName,
    ports: args.ports.map(servicePort),
  };
}

function servicePort(port: AliasPort) {
  return { name: port.name, protocol: transportOf(port), port: port.port };
}

/** Endpoints carry the port where the outside service really listens, under the Service's port name. */
function endpointPort(port: AliasPort) {
  return {
    name: port.name,
    port: port.targetPort ?? port.port,
    protocol: transportOf(port),
  };
}

function endpointSubset(addresses: readonly Input<string>[], ports: readonly AliasPort[]) {
  return { addresses: addresses.map((ip) => ({ ip })), ports: ports.map(endpointPort) };
}

function endpointSlice(
  service: Input<string>,
  namespace: Input<string>,
  family: Family,
  addresses: readonly Input<string>[],
  ports: readonly AliasPort[],
): EndpointSliceArgs {
  return {
    metadata: {
      name: interpolate`${service}-${family.toLowerCase()}`,
      namespace,
      labels: {
        ...MANAGED_BY,
        // The only link to the Service: a slice's name means nothing.
        "kubernetes.io/service-name": service,
        // Keeps Kubernetes' own controllers off it.
        "endpointslice.kubernetes.io/managed-by": MANAGER,
      },
    },
    addressType: family,
    // One endpoint an address: further addresses of an endpoint are ignored.
    endpoints: addresses.map((address) => ({ addresses: [address] })),
    ports: ports.map(endpointPort),
  };
}

type Family = "IPv4" | "IPv6";

function byFamily(addresses: readonly Input<string>[]): [Family, Input<string>[]][] {
  const isV6 = (address: Input<string>) => typeof address === "string" && address.includes(":");
  const families: [Family, Input<string>[]][] = [
    ["IPv4", addresses.filter((address) => !isV6(address))],
    ["IPv6", addresses.filter(isV6)],
  ];
  return families.filter(([, members]) => members.length > 0);
}
