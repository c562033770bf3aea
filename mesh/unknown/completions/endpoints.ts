import { ABSENT } from "../../input/unknowns.js";
import { UNREADABLE } from "../../input/plain.js";
import {
  addresses,
  metadata,
  namespaces,
  noneOr,
  podName,
  portName,
  serviceName,
  type CompletionRows,
  type Values,
} from "./values.js";

const sliceEndpoint = (address: unknown) => ({ addresses: [address] });
const subsetOf = (address: unknown) => ({ addresses: [{ ip: address }], ports: [{ name: "" }] });

const targetRef: Values = (context) => [
  ABSENT,
  ...context.namespaces.flatMap((namespace) =>
    podName(context).map((name) => ({ kind: "Pod", namespace, name })),
  ),
];
const targetKind: Values = () => ["Pod", "Node"];

const endpointPorts: Values = ({ portNames }) => [
  [],
  ...[UNREADABLE, ...portNames].map((name) => [{ name }]),
];
const endpointPort: Values = ({ portNames }) => [
  ABSENT,
  ...[UNREADABLE, ...portNames].map((name) => ({ name })),
];

const sliceLabels: Values = (context) => [
  ABSENT,
  ...serviceName(context).map((name) => ({ "kubernetes.io/service-name": name })),
];

/** Whose addresses a slice holds, and which. */
export const ENDPOINT_SLICE: CompletionRows = [
  [
    /^metadata$/,
    (context) =>
      context.namespaces.flatMap((namespace) =>
        sliceLabels(context).map((labels) => ({ namespace, ...(labels !== ABSENT && { labels }) })),
      ),
  ],
  [/^metadata\.namespace$/, namespaces],
  [/^metadata\.labels$/, sliceLabels],
  [/^metadata\.labels\.kubernetes\.io\/service-name$/, serviceName],
  [/^addressType$/, () => ["IPv4", "FQDN"]],
  [/^endpoints$/, noneOr(sliceEndpoint)],
  [/^endpoints\.\d+$/, (context) => [ABSENT, ...addresses(context).map(sliceEndpoint)]],
  [/^endpoints\.\d+\.addresses$/, noneOr((address) => address)],
  [/^endpoints\.\d+\.addresses\.\d+$/, addresses],
  [/^endpoints\.\d+\.targetRef$/, targetRef],
  [/^endpoints\.\d+\.targetRef\.kind$/, targetKind],
  [/^endpoints\.\d+\.targetRef\.name$/, podName],
  [/^endpoints\.\d+\.targetRef\.namespace$/, namespaces],
  [/^ports$/, endpointPorts],
  [/^ports\.\d+$/, endpointPort],
  [/^ports\.\d+\.name$/, portName],
];

/** The same of the older kind. */
export const ENDPOINTS: CompletionRows = [
  [/^metadata$/, metadata(serviceName)],
  [/^metadata\.name$/, serviceName],
  [/^metadata\.namespace$/, namespaces],
  [/^metadata\.labels$/, () => [ABSENT, { "endpointslice.kubernetes.io/skip-mirror": "true" }]],
  [/^metadata\.labels\.endpointslice\.kubernetes\.io\/skip-mirror$/, () => ["true", "false"]],
  [/^subsets$/, noneOr(subsetOf)],
  [/^subsets\.\d+$/, (context) => [ABSENT, ...addresses(context).map(subsetOf)]],
  [/^subsets\.\d+\.addresses$/, noneOr((ip) => ({ ip }))],
  [
    /^subsets\.\d+\.addresses\.\d+$/,
    (context) => [ABSENT, ...addresses(context).map((ip) => ({ ip }))],
  ],
  [/^subsets\.\d+\.addresses\.\d+\.ip$/, addresses],
  [/^subsets\.\d+\.addresses\.\d+\.targetRef$/, targetRef],
  [/^subsets\.\d+\.addresses\.\d+\.targetRef\.kind$/, targetKind],
  [/^subsets\.\d+\.addresses\.\d+\.targetRef\.name$/, podName],
  [/^subsets\.\d+\.addresses\.\d+\.targetRef\.namespace$/, namespaces],
  [/^subsets\.\d+\.ports$/, endpointPorts],
  [/^subsets\.\d+\.ports\.\d+$/, endpointPort],
  [/^subsets\.\d+\.ports\.\d+\.name$/, portName],
];
