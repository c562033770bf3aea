/**
 * The check of one Service, Endpoints or EndpointSlice by the API server, in CEL, as data: whether it
 * stands for an address that no alias may stand for. Regular expressions instead of CEL's `ip()`,
 * which an API server of Kubernetes 1.30 doesn't accept yet.
 */
import type { GuardChecks, Variable } from "./variable.js";

const octets = (...numbers: (number | string)[]) =>
  numbers.map((number) => `0*(${number})`).join("\\.");
const ANY = "[0-9]+";
const IN_DISGUISE = "an IPv4 address in disguise";

/** Addresses, written in any way that an API server has ever accepted; in lower case. */
const SPECIAL_ADDRESSES: readonly (readonly [pattern: string, means: string])[] = [
  [octets("127", ANY, ANY, ANY), "the calling machine itself"],
  [octets("0?", ANY, ANY, ANY), "no address of a host"],
  [octets("169", "254", ANY, ANY), "link-local, where clouds have their metadata services"],
  [octets("22[4-9]|23[0-9]", ANY, ANY, ANY), "a multicast address"],
  [octets("255", "255", "255", "255"), "a broadcast address"],
  [octets("100", "100", "100", "200"), "the metadata service of Alibaba Cloud"],
  [octets("168", "63", "129", "16"), "the platform service of Azure"],
  [octets("192", "0", "0", "192"), "the metadata service of Oracle Cloud"],
  ["[0:]+", "no address of a host"],
  ["[0:]+:0*1", "the calling machine itself"],
  ["fe[89ab][0-9a-f]:.*", "link-local: a neighbour of the calling node"],
  ["ff[0-9a-f][0-9a-f]:.*", "a multicast address"],
  ["fd00:0?ec2:[0:]*:0?254", "the metadata service of AWS"],
  [".*:.*\\..*", IN_DISGUISE],
  ["[0:]+:ffff:[0-9a-f]+:[0-9a-f]+", IN_DISGUISE],
  ["(0+:){5}ffff:[0-9a-f]*:[0-9a-f]*", IN_DISGUISE],
];

/** Names, of an ExternalName or of a slice of names; in lower case. */
const SPECIAL_NAMES: readonly (readonly [pattern: string, means: string])[] = [
  [
    "localhost|.+\\.localhost|localhost\\.localdomain|ip6-(localhost|loopback)",
    "the calling machine itself",
  ],
  [
    "metadata|metadata\\.google\\.internal|metadata\\.goog|instance-data(\\..+)?",
    "a cloud's metadata service",
  ],
  ["kubernetes\\.default(\\.svc(\\..+)?)?", "the cluster's own API server"],
];

const SPECIAL = [...SPECIAL_ADDRESSES, ...SPECIAL_NAMES];

/** One expression for all of them. */
export const SPECIAL_PATTERN = `^(${SPECIAL.map(([pattern]) => pattern).join("|")})\\.?$`;

/** Kubernetes' own, who write down what others were allowed to: refusing them would stop Services. */
const CONTROLLERS: readonly string[] = [
  "system:apiserver",
  "system:kube-controller-manager",
  ...["endpoint-controller", "endpointslice-controller", "endpointslicemirroring-controller"].map(
    (name) => `system:serviceaccount:kube-system:${name}`,
  ),
];

const MATCH_CONDITIONS: readonly Variable[] = [
  {
    name: "not-by-a-controller",
    expression: `!(request.userInfo.username in ${JSON.stringify(CONTROLLERS)})`,
  },
  {
    // An object that was there before the guard can still be labelled, and lose its finalizers.
    name: "changes-addresses",
    expression: `request.operation == "CREATE" ||
      object.?endpoints != oldObject.?endpoints || object.?subsets != oldObject.?subsets ||
      object.?spec.?externalName != oldObject.?spec.?externalName ||
      object.?spec.?type != oldObject.?spec.?type`,
  },
];

const isSpecial = (text: string) =>
  `${text}.lowerAscii().matches(${JSON.stringify(SPECIAL_PATTERN)})`;

const VARIABLES: readonly Variable[] = [
  {
    name: "ofSlice",
    expression: `object.?endpoints.orValue([]).map(e,
      e.?addresses.orValue([]).filter(a, ${isSpecial("a")}))`,
  },
  {
    name: "ofEndpoints",
    expression: `object.?subsets.orValue([]).map(s,
      (s.?addresses.orValue([]) + s.?notReadyAddresses.orValue([])).filter(a,
        ${isSpecial("a.ip")}).map(a, a.ip))`,
  },
  {
    name: "ofService",
    expression: `[[object.?spec.?externalName.orValue("")].filter(n, ${isSpecial("n")})]`,
  },
  {
    name: "special",
    expression: `(variables.ofSlice + variables.ofEndpoints + variables.ofService).filter(l, l.size() > 0)`,
  },
];

const [first, ...others] = SPECIAL.map(
  ([pattern, means]) =>
    `address.lowerAscii().matches(${JSON.stringify(`^(${pattern})\\.?$`)}) ? ${JSON.stringify(means)}`,
);

const MESSAGE = `variables.special.size() == 0 ? "" :
  variables.special[0][0] + " is " +
  [variables.special[0][0]].map(address, ${[first, ...others].join(" :\n    ")} : "special")[0] +
  ", which no Service may stand for: name the server outside."`;

/** The checks of a Service, Endpoints or EndpointSlice. */
export const ADDRESS_QUESTION: GuardChecks = {
  matchConditions: MATCH_CONDITIONS,
  variables: VARIABLES,
  expression: "variables.special.size() == 0",
  message: MESSAGE,
};
