import { ABSENT } from "../unknowns.js";
import { UNREADABLE } from "../fields.js";
import {
  addresses,
  metadata,
  namespaces,
  noneOr,
  podName,
  portName,
  serviceName,
  type Rows,
  type Values,
} from "./values.js";

const sliceEndpoint = (address: unknown) => ({ addresses: [address] });
const subsetOf = (address: unknown) => ({ addresses: [{ ip: address }], ports: [{ name: "" }] });

const targetRef: Values = (around) => [
  ABSENT,
  ...around.namespaces.flatMap((namespace) =>
    podName(around).map((name) => ({ kind: "Pod", namespace, name })),
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

const sliceLabels: Values = (around) => [
  ABSENT,
  ...serviceName(around).map((name) => ({ "kubernetes.io/service-name": name })),
];

/** Whose addresses a slice holds, and which. */
export const ENDPOINT_SLICE: Rows = [
  [
    /^metadata$/,
    (around) =>
      around.namespaces.flatMap((namespace) =>
        sliceLabels(around).map((labels) => ({ namespace, ...(labels !== ABSENT && { labels }) })),
      ),
  ],
  [/^metadata\.namespace$/, namespaces],
  [/^metadata\.labels$/, sliceLabels],
  [/^metadata\.labels\.kubernetes\.io\/service-name$/, serviceName],
  [/^addressType$/, () => ["IPv4", "FQDN"]],
  [/^endpoints$/, noneOr(sliceEndpoint)],
  [/^endpoints\.\d+$/, (around) => [ABSENT, ...addresses(around).map(sliceEndpoint)]],
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
export const ENDPOINTS: Rows = [
  [/^metadata$/, metadata(serviceName)],
  [/^metadata\.name$/, serviceName],
  [/^metadata\.namespace$/, namespaces],
  [/^metadata\.labels$/, () => [ABSENT, { "endpointslice.kubernetes.io/skip-mirror": "true" }]],
  [/^metadata\.labels\.endpointslice\.kubernetes\.io\/skip-mirror$/, () => ["true", "false"]],
  [/^subsets$/, noneOr(subsetOf)],
  [/^subsets\.\d+$/, (around) => [ABSENT, ...addresses(around).map(subsetOf)]],
  [/^subsets\.\d+\.addresses$/, noneOr((ip) => ({ ip }))],
  [
    /^subsets\.\d+\.addresses\.\d+$/,
    (around) => [ABSENT, ...addresses(around).map((ip) => ({ ip }))],
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
