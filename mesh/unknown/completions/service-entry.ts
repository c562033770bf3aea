import { UNREADABLE } from "../../input/plain.js";
import { ABSENT } from "../../input/unknowns.js";
import { exportTo, exportToItem, ISTIO_METADATA } from "./istio-objects.js";
import {
  addresses,
  NOBODY,
  noneOr,
  portNumber,
  TLS_MODES,
  tlsLabels,
  type CompletionRows,
  type Values,
} from "./values.js";

const entryPorts: Values = (context) => portNumber(context).map((number) => [entryPort(number)]);
const entryPort = (number: unknown) => ({ number, name: "tcp", protocol: "TCP" });

const entrySpec: Values = (context) => [
  { hosts: [NOBODY] },
  ...context.hosts.flatMap((host) =>
    entryPorts(context).flatMap((ports) =>
      ["MESH_EXTERNAL", "MESH_INTERNAL"].map((location) => ({ hosts: [host], ports, location })),
    ),
  ),
];

const inlineEndpoint = (address: unknown) => ({ address });

/** Hosts, ports and endpoints of ServiceEntries. */
export const SERVICE_ENTRY: CompletionRows = [
  ...ISTIO_METADATA,
  [/^spec$/, entrySpec],
  [/^spec\.hosts$/, ({ hosts }) => [[NOBODY], ...hosts.map((host) => [host])]],
  [/^spec\.hosts\.\d+$/, ({ hosts }) => [NOBODY, ...hosts]],
  [/^spec\.location$/, () => ["MESH_EXTERNAL", "MESH_INTERNAL"]],
  [/^spec\.exportTo$/, exportTo],
  [/^spec\.exportTo\.\d+$/, exportToItem],
  [/^spec\.endpoints$/, noneOr(inlineEndpoint)],
  [/^spec\.endpoints\.\d+$/, (context) => [ABSENT, ...addresses(context).map(inlineEndpoint)]],
  [/^spec\.endpoints\.\d+\.address$/, addresses],
  [/^spec\.endpoints\.\d+\.labels$/, tlsLabels],
  [/^spec\.endpoints\.\d+\.labels\.security\.istio\.io\/tlsMode$/, () => TLS_MODES],
  [/^spec\.endpoints\.\d+\.serviceAccount$/, () => [ABSENT, UNREADABLE]],
  [/^spec\.addresses$/, () => [ABSENT, [UNREADABLE]]],
  [/^spec\.ports$/, entryPorts],
  [/^spec\.ports\.\d+$/, (context) => portNumber(context).map(entryPort)],
  [/^spec\.ports\.\d+\.number$/, portNumber],
];
