import { UNREADABLE } from "../../input/plain.js";
import { ABSENT } from "../../input/unknowns.js";
import {
  exportTo,
  exportToItem,
  ISTIO_METADATA,
  istioMetadata,
  labelValue,
  matchLabels,
} from "./istio-objects.js";
import {
  absentOr,
  absentOrList,
  namespaces,
  NOBODY,
  OTHER_LABELS,
  portNumber,
  portReference,
  type CompletionRows,
  type Values,
} from "./values.js";

const NOTHING = { hosts: ["~/*"] };
const EVERYTHING = { hosts: ["*/*"] };

/** Nothing, everything, or one namespace alone: several may have a host, and each its own service of it. */
const imports: Values = (context) => [
  NOTHING.hosts,
  EVERYTHING.hosts,
  ...context.namespaces.map((namespace) => [`${namespace}/*`]),
];
const listeners: Values = (context) => imports(context).map((hosts) => ({ hosts }));

/** What clients import. */
export const SIDECAR: CompletionRows = [
  ...ISTIO_METADATA,
  [
    /^spec$/,
    (context) =>
      listeners(context).flatMap((listener) => [
        { egress: [listener] },
        { egress: [listener], workloadSelector: {} },
      ]),
  ],
  [/^spec\.workloadSelector$/, (context) => [ABSENT, ...matchLabels(context).map(asLabels)]],
  [/^spec\.workloadSelector\.labels$/, matchLabels],
  [/^spec\.workloadSelector\.labels\./, labelValue],
  [/^spec\.egress$/, (context) => listeners(context).map((listener) => [listener])],
  [/^spec\.egress\.\d+$/, absentOr(listeners)],
  [/^spec\.egress\.\d+\.hosts$/, imports],
  [
    /^spec\.egress\.\d+\.hosts\.\d+$/,
    (context) => [`${NOBODY}/${NOBODY}`, ...imports(context).flat()],
  ],
  [/^spec\.egress\.\d+\.port$/, portReference],
  [/^spec\.egress\.\d+\.port\.number$/, portNumber],
];

function asLabels(labels: unknown): unknown {
  return { labels };
}

const destinations: Values = ({ hosts }) => hosts.map((host) => ({ destination: { host } }));
const routes: Values = (context) => destinations(context).map((route) => ({ route: [route] }));

const ROUTES = String.raw`^spec\.(http|tcp|tls)`;
const delegates: Values = (context) => context.delegates;
const delegateName: Values = (context) => [
  UNREADABLE,
  ...context.delegates.map(({ name }) => name),
];
const anyHost: Values = ({ hosts }) => [NOBODY, ...hosts];

/** What adds to that. */
export const VIRTUAL_SERVICE: CompletionRows = [
  [/^metadata$/, istioMetadata(delegateName)],
  [/^metadata\.name$/, delegateName],
  ...ISTIO_METADATA,
  [
    /^spec$/,
    (context) => [
      {},
      ...routes(context).flatMap((route) => [{ http: [route] }, { hosts: ["*"], http: [route] }]),
    ],
  ],
  [/^spec\.hosts$/, () => [[], [NOBODY], ["*"]]],
  [/^spec\.hosts\.\d+$/, () => [NOBODY, "*"]],
  [/^spec\.gateways$/, () => [ABSENT, [NOBODY]]],
  [/^spec\.gateways\.\d+$/, () => ["mesh", NOBODY]],
  [/^spec\.exportTo$/, exportTo],
  [/^spec\.exportTo\.\d+$/, exportToItem],
  [new RegExp(`${ROUTES}$`), absentOrList(routes)],
  [new RegExp(String.raw`${ROUTES}\.\d+$`), absentOr(routes)],
  [new RegExp(String.raw`${ROUTES}\.\d+\.(route|mirrors)$`), absentOrList(destinations)],
  [new RegExp(String.raw`${ROUTES}\.\d+\.(route|mirrors)\.\d+$`), absentOr(destinations)],
  [/\.delegate$/, absentOr(delegates)],
  [/\.delegate\.name$/, delegateName],
  [/\.delegate\.namespace$/, absentOr(namespaces)],
  [/\.(destination|mirror)$/, ({ hosts }) => [ABSENT, ...hosts.map((host) => ({ host }))]],
  [/\.(destination|mirror)\.host$/, anyHost],
  [/\.(destination|mirror)\.port$/, (context) => [ABSENT, ...portReference(context)]],
  [/\.(destination|mirror)\.port\.number$/, portNumber],
  [/\.match$/, ({ clientNamespace }) => [ABSENT, [{ sourceNamespace: clientNamespace }]]],
  [/\.sourceNamespace$/, ({ clientNamespace }) => [clientNamespace, NOBODY]],
];

const NO_TLS = { mode: "DISABLE" };

/** What endpoints accept. */
export const PEER_AUTHENTICATION: CompletionRows = [
  ...ISTIO_METADATA,
  [/^spec$/, () => [{}, { mtls: NO_TLS }]],
  [/^spec\.selector$/, () => [ABSENT, { matchLabels: OTHER_LABELS }]],
  [/^spec\.selector\.matchLabels$/, () => [ABSENT, OTHER_LABELS]],
  [/^spec\.mtls$/, () => [ABSENT, NO_TLS]],
  [/^spec\.mtls\.mode$/, () => ["PERMISSIVE", "DISABLE"]],
];
