import { isGiven, list, map, text, texts } from "../fields.js";
import { type Finding, type ObjectCheck, type Rule, framework, ISTIO_TASK } from "../rule.js";
import { looksLikeAddress, rangeOf, specialAddress, specialName } from "../special-addresses.js";
import { fullName, refOf, serviceOf, type StackObject } from "../stack-object.js";
import { entry, nameOf } from "../wording.js";

const checkObject: ObjectCheck = (seen, { settings }) => {
  switch (seen.object.kind) {
    case "Service":
      return ofService(seen);
    case "Endpoints":
      return ofAddresses(seen, endpointsAddresses(seen), settings.clusterCidrs);
    case "EndpointSlice":
      return ofAddresses(seen, sliceAddresses(seen), settings.clusterCidrs);
    default:
      return [];
  }
};

/** An alias stands for a server outside, and for nothing that needs protection from its callers. */
export const externalAddress: Rule = {
  metadata: {
    name: "egress-external-address",
    displayName: "Aliases stand for servers outside",
    description: "An alias must stand for a server outside the cluster.",
    enforcementLevel: "mandatory",
    severity: "high",
    framework: framework("Addresses and names of external services"),
    tags: ["kubernetes", "service", "endpoints", "ssrf"],
    remediationSteps:
      "Give the alias the name or the addresses of the outside server, and nothing else: no selector, " +
      "no externalIPs, no address inside the cluster.",
    url: ISTIO_TASK,
  },
  why: `Kubernetes checks little of what an alias stands for. An ExternalName may be \`localhost\` or a
metadata service, Endpoints may hold a Pod's address of another namespace (CVE-2021-25740), and
externalIPs take over traffic of the whole cluster (CVE-2020-8554). Whoever may write Services would
otherwise reach through a shared proxy what they can't reach themselves. An ExternalName with a
selector gets endpoints that nobody uses, one written as an IPv4 address is looked up as a name, and
Istio compares names as they are written, so one with a dot at its end never meets its target.`,
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
};

function ofService(seen: StackObject): Finding[] {
  const { type, externalName, selector, externalIPs } = map(seen.object.spec);
  const isExternalName = type === "ExternalName";
  const name = isExternalName ? text(externalName) : undefined;
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
interface Mistake {
  what: string;
  instead: string;
}

function ofExternalName(name: string): Mistake[] {
  const mistakes: Mistake[] = [];
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

function endpointsAddresses({ object }: StackObject): Address[] {
  return list(object.subsets)
    .flatMap((subset) => [...list(map(subset).addresses), ...list(map(subset).notReadyAddresses)])
    .flatMap((address) => {
      const { ip, targetRef } = map(address);
      return typeof ip === "string" ? [{ ip, isWorkload: isGiven(targetRef) }] : [];
    });
}

function sliceAddresses({ object }: StackObject): Address[] {
  return list(object.endpoints).flatMap((endpoint) => {
    const { addresses, targetRef } = map(endpoint);
    return texts(addresses).map((ip) => ({ ip, isWorkload: isGiven(targetRef) }));
  });
}

interface Address {
  ip: string;
  /** A Pod of the cluster that is named beside its address. */
  isWorkload: boolean;
}

function ofAddresses(
  seen: StackObject,
  addresses: readonly Address[],
  clusterCidrs: readonly string[],
): Finding[] {
  return addresses
    .filter(({ isWorkload }) => !isWorkload)
    .flatMap(({ ip }) => {
      const meaning = specialAddress(ip) ?? specialName(ip);
      const inside = rangeOf(ip, clusterCidrs);
      const what =
        meaning !== undefined
          ? `${ip} is ${meaning}`
          : inside !== undefined
            ? `${ip} lies inside the cluster (${inside})`
            : undefined;
      return what === undefined
        ? []
        : [finding(seen, { what, instead: "the addresses of the outside server" })];
    });
}

function finding(seen: StackObject, { what, instead }: Mistake): Finding {
  return {
    message: [entry(nameOf(seen), what), entry("instead", instead)].join("\n"),
    about: { alias: fullName(serviceOf(seen) ?? refOf(seen)) },
  };
}
