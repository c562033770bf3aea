import { UNREADABLE } from "../../input/plain.js";
import { ABSENT } from "../../input/unknowns.js";
import {
  metadata,
  namespaces,
  NOBODY,
  OTHER_LABELS,
  OTHER_PORT,
  portName,
  portNumber,
  serviceName,
  type CompletionRows,
  type Values,
} from "./values.js";

const exportToAnnotation: Values = ({ clientNamespace }) => [
  ABSENT,
  ...["*", ".", "~", clientNamespace].map((value) => ({ "networking.istio.io/exportTo": value })),
];

const servicePorts: Values = ({ ports, portNames }) =>
  [...ports, OTHER_PORT].flatMap((port) =>
    [UNREADABLE, ...portNames].map((name) => [{ name, port }]),
  );

const targets: Values = ({ hosts, ruleHosts }) => [NOBODY, ...hosts, ...ruleHosts];

const serviceSelector: Values = ({ workloads }) => [ABSENT, OTHER_LABELS, ...workloads];

const serviceSpec: Values = (context) => [
  ...[OTHER_LABELS, ...context.workloads].map((selector) => ({ selector, ports: [] })),
  ...servicePorts(context).flatMap((ports) => [{ ports }, { ports, clusterIP: "None" }]),
  ...targets(context).map((externalName) => ({ type: "ExternalName", externalName })),
];

/** Where a Service leads, by name, selector or addresses, and on which ports. */
export const SERVICE: CompletionRows = [
  [/^metadata$/, metadata(serviceName)],
  [/^metadata\.name$/, serviceName],
  [/^metadata\.namespace$/, namespaces],
  [/^metadata\.annotations$/, exportToAnnotation],
  [
    /^metadata\.annotations\.networking\.istio\.io\/exportTo$/,
    ({ clientNamespace }) => ["*", ".", "~", clientNamespace],
  ],
  [/^spec$/, serviceSpec],
  [/^spec\.type$/, () => ["ClusterIP", "ExternalName"]],
  [/^spec\.externalName$/, targets],
  [/^spec\.selector$/, serviceSelector],
  [
    /^spec\.selector\./,
    ({ workloads }) => [UNREADABLE, ...workloads.flatMap((labels) => Object.values(labels))],
  ],
  [/^spec\.ports$/, servicePorts],
  [/^spec\.ports\.\d+$/, (context) => servicePorts(context).flat()],
  [/^spec\.ports\.\d+\.port$/, portNumber],
  [/^spec\.ports\.\d+\.name$/, portName],
  [/^spec\.ports\.\d+\.protocol$/, () => ["TCP", "UDP"]],
  [/^spec\.ports\.\d+\.appProtocol$/, () => ["tcp", "udp"]],
  [/^spec\.clusterIP$/, () => ["None", UNREADABLE]],
];
