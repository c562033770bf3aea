import { UNREADABLE } from "../../input/plain.js";
import { ABSENT } from "../../input/unknowns.js";
import { HEALTH_CHECKS } from "../../registry/workload.js";
import { ISTIO_METADATA } from "./istio-objects.js";
import {
  addresses,
  metadata,
  namespaces,
  NOBODY,
  OUTSIDE,
  podName,
  TLS_MODES,
  tlsLabels,
  type CompletionRows,
  type Values,
} from "./values.js";

const workloadLabels: Values = ({ serviceSelectors }) => [
  ABSENT,
  ...[{}, ...serviceSelectors].flatMap((labels) => [
    labels,
    ...TLS_MODES.map((mode) => ({ ...labels, "security.istio.io/tlsMode": mode })),
  ]),
];

const workloadLabelValue: Values = ({ serviceSelectors }) => [
  UNREADABLE,
  ...serviceSelectors.flatMap((labels) => Object.values(labels)),
];

const workloadSpec: Values = (context) =>
  workloadLabels(context).map((labels) => ({ address: OUTSIDE, labels }));

const READY = { type: "Ready", status: "True" };
const HEALTHY = { type: "Healthy", status: "True" };

/** What has been found out about a workload. */
const conditionRows = (wanted: typeof READY): CompletionRows => [
  [/^status\.conditions$/, () => [ABSENT, [wanted]]],
  [/^status\.conditions\.\d+$/, () => [ABSENT, wanted]],
  [/^status\.conditions\.\d+\.type$/, () => [wanted.type, UNREADABLE]],
  [/^status\.conditions\.\d+\.status$/, () => ["True", "False"]],
];

/** Who selects it, whether it has a sidecar, and whether it is healthy. */
export const WORKLOAD_ENTRY: CompletionRows = [
  ...ISTIO_METADATA.filter(([pattern]) => !pattern.test("metadata.labels")),
  [/^metadata\.labels$/, (context) => [...workloadLabels(context), { "istio.io/rev": NOBODY }]],
  [/^spec$/, workloadSpec],
  [/^spec\.labels$/, workloadLabels],
  [/^(metadata|spec)\.labels\.security\.istio\.io\/tlsMode$/, () => TLS_MODES],
  [/^(metadata|spec)\.labels\./, workloadLabelValue],
  [/^spec\.address$/, addresses],
  [/^spec\.serviceAccount$/, () => [ABSENT, UNREADABLE]],
  [/^metadata\.annotations$/, () => [ABSENT, { [HEALTH_CHECKS]: "true" }]],
  [/^metadata\.annotations\.proxy\.istio\.io\/health-checks-enabled$/, () => ["true", "false"]],
  [/^status$/, () => [ABSENT, { conditions: [HEALTHY] }]],
  ...conditionRows(HEALTHY),
];

const podStatus: Values = ({ addresses }) => [
  ABSENT,
  ...addresses.map((podIP) => ({ podIP, conditions: [READY] })),
];

/** Whether it is ready, under which address, and whether it has a sidecar. */
export const POD: CompletionRows = [
  [/^metadata$/, metadata(podName)],
  [/^metadata\.name$/, podName],
  [/^metadata\.labels$/, tlsLabels],
  [/^metadata\.labels\.security\.istio\.io\/tlsMode$/, () => TLS_MODES],
  [/^metadata\.namespace$/, namespaces],
  [/^metadata\.deletionTimestamp$/, () => [ABSENT, UNREADABLE]],
  [/^status$/, podStatus],
  [/^status\.phase$/, () => ["Running", "Failed"]],
  [/^status\.podIP$/, ({ addresses }) => [UNREADABLE, ...addresses]],
  ...conditionRows(READY),
];
