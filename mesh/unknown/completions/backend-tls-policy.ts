import {
  absentOr,
  absentOrList,
  metadata,
  namespaces,
  portName,
  serviceName,
  something,
  type CompletionRows,
  type Values,
} from "./values.js";

const target: Values = (context) =>
  serviceName(context).map((name) => ({ group: "", kind: "Service", name }));

/** Which Services policies are for. */
export const BACKEND_TLS_POLICY: CompletionRows = [
  [/^metadata$/, metadata(something)],
  [/^metadata\.namespace$/, namespaces],
  [/^spec$/, (context) => target(context).map((one) => ({ targetRefs: [one] }))],
  [/^spec\.targetRefs$/, absentOrList(target)],
  [/^spec\.targetRefs\.\d+$/, absentOr(target)],
  [/^spec\.targetRefs\.\d+\.kind$/, () => ["Service", "ServiceEntry"]],
  [/^spec\.targetRefs\.\d+\.name$/, serviceName],
  [/^spec\.targetRefs\.\d+\.sectionName$/, absentOr(portName)],
];
