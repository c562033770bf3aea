import { type EndpointAddress, addressesOf } from "../endpoint-addresses.js";
import { isGiven, map, optionalText } from "../fields.js";
import {
  type Finding,
  type ObjectCheck,
  type PolicyRule,
  type StackCheck,
  framework,
  ISTIO_TASK,
} from "../rule.js";
import { looksLikeAddress, rangeOf, specialAddress, specialName } from "../special-addresses.js";
import { fullName, identity, keyOf, refOf, serviceOf, type StackObject } from "../stack-object.js";
import { entry, nameOf } from "../wording.js";
import { items, texts } from "../../mesh/index.js";

const checkObject: ObjectCheck = (seen, { settings }) => {
  switch (seen.object.kind) {
    case "Service":
      return ofService(seen);
    case "Endpoints":
    case "EndpointSlice":
      return ofAddresses(seen, knownAddresses(seen), settings.clusterCidrs);
    case "ServiceEntry":
      return ofEntry(seen, settings.clusterCidrs);
    case "WorkloadEntry":
      return ofAddresses(seen, workloadAddresses([seen.object.spec]), []);
    default:
      return [];
  }
};

const INSTEAD = "the addresses of the outside server";

type Address = EndpointAddress & { ip: string };

/** A Pod that is named beside an address excuses it only if it has that address. */
const checkStack: StackCheck = ({ cluster: { objects } }, { settings: { clusterCidrs } }) => {
  const pods = new Map(objects.map((seen) => [identity(seen), seen]));
  return objects.flatMap((seen) => {
    const lies = knownAddresses(seen).filter(({ ip, pod }) => {
      const named =
        pod && pods.get(keyOf({ ...pod, namespace: pod.namespace || refOf(seen).namespace }));
      const own = named ? podAddresses(named) : [];
      return own.length > 0 && !own.includes(ip);
    });
    return lies.flatMap(({ ip, pod }) => {
      const inside = rangeOf(ip, clusterCidrs);
      if (!pod || inside === undefined) return [];
      const what = `${ip} lies inside the cluster (${inside}), and isn't the address of Pod ${pod.name}`;
      return [{ ...finding(seen, { what, instead: INSTEAD }), urn: seen.urn }];
    });
  });
};

/** An alias stands for a server outside, and for nothing that needs protection from its callers. */
export const externalAddress: PolicyRule = {
  metadata: {
    name: "egress-external-address",
    displayName: "Aliases stand for servers outside",
    description: "An alias must stand for a server outside the cluster.",
    enforcementLevel: "mandatory",
    severity: "high",
    framework: framework("Addresses and names of external services"),
    tags: ["kubernetes", "service", "endpoints", "service-entry", "ssrf"],
    remediationSteps:
      "Give the alias the name or the addresses of the outside server, and nothing else: no selector, " +
      "no externalIPs, no address inside the cluster.",
    url: ISTIO_TASK,
  },
  why: `Kubernetes checks little of what an alias stands for. An ExternalName may be \`localhost\` or a
metadata service, Endpoints may hold a Pod's address of another namespace (CVE-2021-25740), a
ServiceEntry may lead to any of them, and
externalIPs take over traffic of the whole cluster (CVE-2020-8554). A user who may write Services would
otherwise reach through a shared proxy what they can't reach themselves. An ExternalName with a
selector gets endpoints that nobody uses, one written as an IPv4 address is looked up as a name, and
Istio compares names as they are written, so one with a dot at its end never meets its target. A Pod
that an address names as its own (targetRef) excuses an address inside the cluster, unless the stack
shows that Pod with another one.`,
  example: {
    reported: `apiVersion: v1
kind: Service
metadata: { name: my-metadata, namespace: default }
spec:
  type: ExternalName
  externalName: metadata.google.internal
  ports: [{ name: http, port: 80 }]
`,
    silent: `apiVersion: v1
kind: Service
metadata: { name: my-httpbin, namespace: default }
spec:
  type: ExternalName
  externalName: httpbin.org
  ports: [{ name: http, port: 80 }]
`,
  },
  checkObject,
  checkStack,
};

function ofService(seen: StackObject): Finding[] {
  const { type, externalName, selector, externalIPs } = map(seen.object.spec);
  const isExternalName = type === "ExternalName";
  const name = isExternalName ? optionalText(externalName) : undefined;
  const wrong = name === undefined ? [] : ofExternalName(name);
  if (isExternalName && Object.keys(map(selector)).length > 0) {
    wrong.push({
      what: "it selects Pods besides having an external name",
      instead: "leave the selector out",
    });
  }
  if ((isExternalName || selectsNothing(selector)) && isGiven(externalIPs)) {
    wrong.push({
      what: `it takes ${texts(externalIPs).join(", ")} (externalIPs) over for the whole cluster`,
      instead: "leave externalIPs out; an outside server's addresses belong in an EndpointSlice",
    });
  }
  return wrong.map((mistake) => finding(seen, mistake));
}

/** Whether a selector is known to be none: absent, or without a label. */
function selectsNothing(selector: unknown): boolean {
  return (
    selector === undefined ||
    selector === null ||
    (typeof selector === "object" && Object.keys(selector).length === 0)
  );
}

/** What is wrong, and what to write instead. */
interface AddressMistake {
  what: string;
  instead: string;
}

function ofExternalName(name: string): AddressMistake[] {
  const mistakes: AddressMistake[] = [];
  const meaning = specialName(name) ?? specialAddress(name);
  if (meaning !== undefined) {
    mistakes.push({ what: `${name} is ${meaning}`, instead: "name a server outside the cluster" });
  } else if (looksLikeAddress(name)) {
    mistakes.push({
      what: `${name} is an address, and an external name is looked up in DNS`,
      instead: "a Service without a selector, and an EndpointSlice with the address",
    });
  }
  if (name.endsWith(".")) {
    mistakes.push({
      what: `${name} ends in a dot, and Istio knows no host by that name`,
      instead: `externalName: ${name.slice(0, -1)}`,
    });
  }
  return mistakes;
}

function knownAddresses(seen: StackObject): Address[] {
  return addressesOf(seen).flatMap(({ ip, pod }) => (ip === undefined ? [] : [{ ip, pod }]));
}

/** What a Pod's status says, where the API server has answered. */
function podAddresses({ object }: StackObject): string[] {
  const { podIP, podIPs } = map(object.status);
  return [podIP, ...items(podIPs).map((one) => map(one).ip)].filter((ip) => typeof ip === "string");
}

/** What a ServiceEntry leads to: its endpoints, or its hosts where those are looked up. */
function ofEntry(seen: StackObject, clusterCidrs: readonly string[]): Finding[] {
  const { location, resolution, endpoints, hosts } = map(seen.object.spec);
  const isLookedUp = optionalText(resolution)?.startsWith("DNS") === true && !isGiven(endpoints);
  const addresses = [
    ...workloadAddresses(items(endpoints)),
    ...(isLookedUp ? texts(hosts).map((ip) => ({ ip })) : []),
  ];
  // Servers of the mesh may well be inside.
  const isExternal = location === undefined || location === "MESH_EXTERNAL";
  return ofAddresses(seen, addresses, isExternal ? clusterCidrs : []);
}

function workloadAddresses(workloads: readonly unknown[]): Address[] {
  return workloads.flatMap((workload) => {
    const { address } = map(workload);
    return typeof address === "string" ? [{ ip: address }] : [];
  });
}

function ofAddresses(
  seen: StackObject,
  addresses: readonly Address[],
  clusterCidrs: readonly string[],
): Finding[] {
  return addresses.flatMap(({ ip, pod }) => {
    const meaning = specialAddress(ip) ?? specialName(ip);
    // A Pod has an address inside, and none that is special.
    const inside = pod ? undefined : rangeOf(ip, clusterCidrs);
    const what =
      meaning !== undefined
        ? `${ip} is ${meaning}`
        : inside !== undefined
          ? `${ip} lies inside the cluster (${inside})`
          : undefined;
    return what === undefined ? [] : [finding(seen, { what, instead: INSTEAD })];
  });
}

function finding(seen: StackObject, { what, instead }: AddressMistake): Finding {
  return {
    message: [entry(nameOf(seen), what), entry("instead", instead)].join("\n"),
    about: { alias: fullName(serviceOf(seen) ?? refOf(seen)) },
  };
}
