import {
  absentOr,
  absentOrList,
  metadata,
  namespaces,
  portName,
  serviceName,
  something,
  type Rows,
  type Values,
} from "./values.js";

const target: Values = (around) =>
  serviceName(around).map((name) => ({ group: "", kind: "Service", name }));

/** Which Services policies are for. */
export const BACKEND_TLS_POLICY: Rows = [
  [/^metadata$/, metadata(something)],
  [/^metadata\.namespace$/, namespaces],
  [/^spec$/, (around) => target(around).map((one) => ({ targetRefs: [one] }))],
  [/^spec\.targetRefs$/, absentOrList(target)],
  [/^spec\.targetRefs\.\d+$/, absentOr(target)],
  [/^spec\.targetRefs\.\d+\.kind$/, () => ["Service", "ServiceEntry"]],
  [/^spec\.targetRefs\.\d+\.name$/, serviceName],
  [/^spec\.targetRefs\.\d+\.sectionName$/, absentOr(portName)],
];
