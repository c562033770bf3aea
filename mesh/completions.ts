import type { Labels, Plain } from "./fields.js";
import { text, UNREADABLE } from "./fields.js";
import { ABSENT, type Path } from "./unknowns.js";

/**
 * What an unknown value could turn out to be. Infinitely many values are possible, but only so
 * many make a difference to one question (an alias, a client): the table gives one of each kind.
 * A place that isn't in the table makes no difference to whether ISTIO_MUTUAL is meant.
 */

/** What makes a difference depends on what else is there. */
export interface Surroundings {
  /** Hosts that the question is about; for an alias of unknown name, any that a rule names. */
  hosts: readonly string[];
  /** Names of Services that those hosts belong to. */
  serviceNames: readonly string[];
  clientNamespace: string;
  clientLabels: Labels;
  /** Namespaces of the client, of the services and the root. */
  namespaces: readonly string[];
  /** Hosts of the other rules, wildcards among them. */
  ruleHosts: readonly string[];
  /** Sets that other rules are exported to. */
  exportSets: readonly (readonly string[])[];
  /** Labels that other rules select by. */
  selectors: readonly Labels[];
  /** Labels that services select their workloads by. */
  serviceSelectors: readonly Labels[];
  /** Labels that workloads have. */
  workloads: readonly Labels[];
  subsetNames: readonly string[];
  /** Names of ports that services and endpoints have. */
  portNames: readonly string[];
  /** Names of Pods, and names that endpoints refer to Pods by. */
  podNames: readonly string[];
  /** Port numbers that services have and rules name. */
  ports: readonly number[];
  /** Addresses of the services' endpoints. */
  addresses: readonly string[];
  /** An address inside the cluster's own ranges, where they are known. */
  inside: readonly string[];
}

/** A name that nothing has. */
export const NOBODY = "nobody.invalid";
/** A port that no rule names. */
export const OTHER_PORT = 65535;
/** An address outside, from a documentation range. */
const OUTSIDE = "203.0.113.254";

const PLAIN = { mode: "DISABLE" };
const MUTUAL = { mode: "ISTIO_MUTUAL" };
const TLS = [ABSENT, PLAIN, MUTUAL];
const PASSTHROUGH = { loadBalancer: { simple: "PASSTHROUGH" } };
/** What one level of a policy can say. */
const SETTINGS_KINDS = [{}, { tls: PLAIN }, { tls: MUTUAL }, PASSTHROUGH];
const OTHER_LABELS = { [UNREADABLE]: UNREADABLE };

type Values = (around: Surroundings) => readonly unknown[];
type Rows = readonly (readonly [RegExp, Values])[];

/** Places that hold a policy: the rule's own, or a subset's. */
const POLICY = String.raw`(spec|spec\.subsets\.\d+)\.trafficPolicy`;
const SETTINGS = String.raw`${POLICY}(\.portLevelSettings\.\d+)?`;

const exportTo: Values = ({ clientNamespace, exportSets }) => [
  ABSENT,
  ["*"],
  ["."],
  [NOBODY],
  [clientNamespace],
  ...exportSets,
  ...exportSets.map((set) => [...set, NOBODY]),
];

const exportToItem: Values = ({ clientNamespace }) => ["*", ".", NOBODY, clientNamespace];

const ruleHost: Values = ({ hosts, ruleHosts }) => [NOBODY, "*", ...hosts, ...ruleHosts];

const policy: Values = ({ ports }) => [
  ...SETTINGS_KINDS,
  {
    portLevelSettings: [...ports, OTHER_PORT].map((number) => ({
      port: { number },
      ...PASSTHROUGH,
    })),
  },
];

const ruleSpec: Values = (around) => {
  const { hosts, subsetNames, exportSets } = around;
  const seenBy = [
    ...[["*"], ["."], ...exportSets].map((set) => ({ exportTo: set })),
    { workloadSelector: {} },
  ];
  const policies = [{}, ...policy(around).map((trafficPolicy) => ({ trafficPolicy }))];
  const subsets = [UNREADABLE, ...subsetNames].map((name) => ({
    exportTo: ["*"],
    subsets: [{ name, trafficPolicy: { tls: MUTUAL } }],
  }));
  const specs = [
    ...seenBy.flatMap((seen) => policies.map((policy) => ({ ...seen, ...policy }))),
    ...subsets,
  ];
  return [{ host: NOBODY }, ...hosts.flatMap((host) => specs.map((spec) => ({ host, ...spec })))];
};

const portSettings: Values = ({ ports }) => [
  ABSENT,
  ...SETTINGS_KINDS.map((settings) =>
    [...ports, OTHER_PORT].map((number) => ({ port: { number }, ...settings })),
  ),
];

const onePortSetting: Values = ({ ports }) => [
  ABSENT,
  ...[...ports, OTHER_PORT].flatMap((number) =>
    SETTINGS_KINDS.map((settings) => ({ port: { number }, ...settings })),
  ),
];

const portNumber: Values = ({ ports }) => [...ports, OTHER_PORT];
const portReference: Values = (around) => portNumber(around).map((number) => ({ number }));

const oneSubset: Values = ({ subsetNames }) =>
  [UNREADABLE, ...subsetNames].flatMap((name) => [
    { name },
    { name, trafficPolicy: { tls: PLAIN } },
    { name, trafficPolicy: { tls: MUTUAL } },
  ]);

const matchLabels: Values = ({ selectors, clientLabels }) => [
  {},
  OTHER_LABELS,
  clientLabels,
  ...selectors,
];

const selector: Values = (around) => [
  ABSENT,
  ...matchLabels(around).map((labels) => ({ matchLabels: labels })),
];

const labelValue: Values = ({ clientLabels, selectors }) => [
  UNREADABLE,
  ...[clientLabels, ...selectors].flatMap((labels) => Object.values(labels)),
];

const namespaces: Values = (around) => [NOBODY, ...around.namespaces];

const metadata =
  (names: Values): Values =>
  (around) =>
    around.namespaces
      .concat(NOBODY)
      .flatMap((namespace) => names(around).map((name) => ({ name, namespace })));

/** What Istio's own objects are named doesn't matter, but what revision they are for does. */
const istioMetadata: Values = (around) => [
  ...metadata(something)(around),
  ...[NOBODY, UNREADABLE].map((name) => ({
    name: UNREADABLE,
    namespace: around.clientNamespace,
    labels: { "istio.io/rev": name },
  })),
];

const something: Values = () => [UNREADABLE];
const serviceName: Values = ({ serviceNames }) => [UNREADABLE, ...serviceNames];
/** Of this revision, of one that nothing else is for, and of yet another one. */
const revision: Values = () => [ABSENT, NOBODY, UNREADABLE];
const revisionLabels: Values = (around) =>
  revision(around).map((name) => (name === ABSENT ? ABSENT : { "istio.io/rev": name }));

const ISTIO_METADATA: Rows = [
  [/^metadata$/, istioMetadata],
  [/^metadata\.namespace$/, namespaces],
  [/^metadata\.labels$/, revisionLabels],
  [/^metadata\.labels\.istio\.io\/rev$/, revision],
];

const DESTINATION_RULE: Rows = [
  ...ISTIO_METADATA,
  [/^spec$/, ruleSpec],
  [/^spec\.host$/, ruleHost],
  [/^spec\.exportTo$/, exportTo],
  [/^spec\.exportTo\.\d+$/, exportToItem],
  [/^spec\.workloadSelector$/, selector],
  [/^spec\.workloadSelector\.matchLabels$/, matchLabels],
  [/^spec\.workloadSelector\.matchLabels\./, labelValue],
  [new RegExp(`^${POLICY}$`), (around) => [ABSENT, ...policy(around)]],
  [new RegExp(String.raw`^${POLICY}\.portLevelSettings$`), portSettings],
  [new RegExp(String.raw`^${POLICY}\.portLevelSettings\.\d+$`), onePortSetting],
  [new RegExp(String.raw`^${POLICY}\.portLevelSettings\.\d+\.port$`), portReference],
  [new RegExp(String.raw`^${POLICY}\.portLevelSettings\.\d+\.port\.number$`), portNumber],
  [new RegExp(String.raw`^${SETTINGS}\.tls$`), () => TLS],
  [new RegExp(String.raw`^${SETTINGS}\.tls\.mode$`), () => [PLAIN.mode, MUTUAL.mode]],
  [
    new RegExp(String.raw`^${SETTINGS}\.loadBalancer$`),
    () => [ABSENT, {}, { simple: "PASSTHROUGH" }],
  ],
  [new RegExp(String.raw`^${SETTINGS}\.loadBalancer\.simple$`), () => ["RANDOM", "PASSTHROUGH"]],
  [/^spec\.subsets$/, (around) => [ABSENT, ...oneSubset(around).map((subset) => [subset])]],
  [/^spec\.subsets\.\d+$/, (around) => [ABSENT, ...oneSubset(around)]],
  [/^spec\.subsets\.\d+\.name$/, ({ subsetNames }) => [UNREADABLE, ...subsetNames]],
];

const exportToAnnotation: Values = ({ clientNamespace }) => [
  ABSENT,
  ...["*", ".", "~", clientNamespace].map((value) => ({ "networking.istio.io/exportTo": value })),
];

const servicePorts: Values = ({ ports, portNames }) =>
  [...ports, OTHER_PORT].flatMap((port) =>
    [UNREADABLE, ...portNames].map((name) => [{ name, port }]),
  );

const portName: Values = ({ portNames }) => [UNREADABLE, "udp", ...portNames];

const targets: Values = ({ hosts, ruleHosts }) => [NOBODY, ...hosts, ...ruleHosts];

const serviceSelector: Values = ({ workloads }) => [ABSENT, OTHER_LABELS, ...workloads];

const serviceSpec: Values = (around) => [
  ...[OTHER_LABELS, ...around.workloads].map((selector) => ({ selector, ports: [] })),
  ...servicePorts(around).flatMap((ports) => [{ ports }, { ports, clusterIP: "None" }]),
  ...targets(around).map((externalName) => ({ type: "ExternalName", externalName })),
];

const SERVICE: Rows = [
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
  [/^spec\.ports\.\d+$/, (around) => servicePorts(around).flat()],
  [/^spec\.ports\.\d+\.port$/, portNumber],
  [/^spec\.ports\.\d+\.name$/, portName],
  [/^spec\.ports\.\d+\.protocol$/, () => ["TCP", "UDP"]],
  [/^spec\.ports\.\d+\.appProtocol$/, () => ["tcp", "udp"]],
  [/^spec\.clusterIP$/, () => ["None", UNREADABLE]],
];

const addresses: Values = ({ addresses, inside }) => [OUTSIDE, ...inside, ...addresses];
const noneOr =
  (wrap: (address: unknown) => unknown): Values =>
  (around) => [[], ...addresses(around).map((address) => [wrap(address)])];

const sliceEndpoint = (address: unknown) => ({ addresses: [address] });
const subsetOf = (address: unknown) => ({ addresses: [{ ip: address }], ports: [{ name: "" }] });

const podName: Values = ({ podNames }) => [UNREADABLE, ...podNames];
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

const ENDPOINT_SLICE: Rows = [
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

const ENDPOINTS: Rows = [
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

const entryPorts: Values = (around) => portNumber(around).map((number) => [entryPort(number)]);
const entryPort = (number: unknown) => ({ number, name: "tcp", protocol: "TCP" });

const entrySpec: Values = (around) => [
  { hosts: [NOBODY] },
  ...around.hosts.flatMap((host) =>
    entryPorts(around).flatMap((ports) =>
      ["MESH_EXTERNAL", "MESH_INTERNAL"].map((location) => ({ hosts: [host], ports, location })),
    ),
  ),
];

const TLS_MODES = ["istio", "disabled"];
const tlsLabels: Values = () => [
  ABSENT,
  ...TLS_MODES.map((mode) => ({ "security.istio.io/tlsMode": mode })),
];
const inlineEndpoint = (address: unknown) => ({ address });

const SERVICE_ENTRY: Rows = [
  ...ISTIO_METADATA,
  [/^spec$/, entrySpec],
  [/^spec\.hosts$/, ({ hosts }) => [[NOBODY], ...hosts.map((host) => [host])]],
  [/^spec\.hosts\.\d+$/, ({ hosts }) => [NOBODY, ...hosts]],
  [/^spec\.location$/, () => ["MESH_EXTERNAL", "MESH_INTERNAL"]],
  [/^spec\.exportTo$/, exportTo],
  [/^spec\.exportTo\.\d+$/, exportToItem],
  [/^spec\.endpoints$/, noneOr(inlineEndpoint)],
  [/^spec\.endpoints\.\d+$/, (around) => [ABSENT, ...addresses(around).map(inlineEndpoint)]],
  [/^spec\.endpoints\.\d+\.address$/, addresses],
  [/^spec\.endpoints\.\d+\.labels$/, tlsLabels],
  [/^spec\.endpoints\.\d+\.labels\.security\.istio\.io\/tlsMode$/, () => TLS_MODES],
  [/^spec\.endpoints\.\d+\.serviceAccount$/, () => [ABSENT, UNREADABLE]],
  [/^spec\.addresses$/, () => [ABSENT, [UNREADABLE]]],
  [/^spec\.ports$/, entryPorts],
  [/^spec\.ports\.\d+$/, (around) => portNumber(around).map(entryPort)],
  [/^spec\.ports\.\d+\.number$/, portNumber],
];

const NOTHING = { hosts: ["~/*"] };
const EVERYTHING = { hosts: ["*/*"] };

const SIDECAR: Rows = [
  ...ISTIO_METADATA,
  [
    /^spec$/,
    () =>
      [NOTHING, EVERYTHING].flatMap((listener) => [
        { egress: [listener] },
        { egress: [listener], workloadSelector: {} },
      ]),
  ],
  [/^spec\.workloadSelector$/, (around) => [ABSENT, ...matchLabels(around).map(asLabels)]],
  [/^spec\.workloadSelector\.labels$/, matchLabels],
  [/^spec\.workloadSelector\.labels\./, labelValue],
  [/^spec\.egress$/, () => [[NOTHING], [EVERYTHING]]],
  [/^spec\.egress\.\d+$/, () => [ABSENT, NOTHING, EVERYTHING]],
  [/^spec\.egress\.\d+\.hosts$/, () => [NOTHING.hosts, EVERYTHING.hosts]],
  [/^spec\.egress\.\d+\.hosts\.\d+$/, () => [`${NOBODY}/${NOBODY}`, "*/*", "~/*"]],
  [/^spec\.egress\.\d+\.port$/, portReference],
  [/^spec\.egress\.\d+\.port\.number$/, portNumber],
];

function asLabels(labels: unknown): unknown {
  return { labels };
}

const destinations: Values = ({ hosts }) => hosts.map((host) => ({ destination: { host } }));
const routes: Values = (around) => destinations(around).map((route) => ({ route: [route] }));
const absentOr =
  (values: Values): Values =>
  (around) => [ABSENT, ...values(around)];
const absentOrList =
  (values: Values): Values =>
  (around) => [ABSENT, ...values(around).map((value) => [value])];

const ROUTES = String.raw`^spec\.(http|tcp|tls)`;
const anyHost: Values = ({ hosts }) => [NOBODY, ...hosts];

const VIRTUAL_SERVICE: Rows = [
  ...ISTIO_METADATA,
  [/^spec$/, (around) => [{}, ...routes(around).map((route) => ({ hosts: ["*"], http: [route] }))]],
  [/^spec\.hosts$/, () => [[NOBODY], ["*"]]],
  [/^spec\.hosts\.\d+$/, () => [NOBODY, "*"]],
  [/^spec\.gateways$/, () => [ABSENT, [NOBODY]]],
  [/^spec\.gateways\.\d+$/, () => ["mesh", NOBODY]],
  [/^spec\.exportTo$/, exportTo],
  [/^spec\.exportTo\.\d+$/, exportToItem],
  [new RegExp(`${ROUTES}$`), absentOrList(routes)],
  [new RegExp(String.raw`${ROUTES}\.\d+$`), absentOr(routes)],
  [new RegExp(String.raw`${ROUTES}\.\d+\.(route|mirrors)$`), absentOrList(destinations)],
  [new RegExp(String.raw`${ROUTES}\.\d+\.(route|mirrors)\.\d+$`), absentOr(destinations)],
  [/\.(destination|mirror)$/, ({ hosts }) => [ABSENT, ...hosts.map((host) => ({ host }))]],
  [/\.(destination|mirror)\.host$/, anyHost],
  [/\.(destination|mirror)\.port$/, (around) => [ABSENT, ...portReference(around)]],
  [/\.(destination|mirror)\.port\.number$/, portNumber],
  [/\.match$/, ({ clientNamespace }) => [ABSENT, [{ sourceNamespace: clientNamespace }]]],
  [/\.sourceNamespace$/, ({ clientNamespace }) => [clientNamespace, NOBODY]],
];

const PEER_AUTHENTICATION: Rows = [
  ...ISTIO_METADATA,
  [/^spec$/, () => [{}, { mtls: PLAIN }]],
  [/^spec\.selector$/, () => [ABSENT, { matchLabels: OTHER_LABELS }]],
  [/^spec\.selector\.matchLabels$/, () => [ABSENT, OTHER_LABELS]],
  [/^spec\.mtls$/, () => [ABSENT, PLAIN]],
  [/^spec\.mtls\.mode$/, () => ["PERMISSIVE", "DISABLE"]],
];

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

const workloadSpec: Values = (around) =>
  workloadLabels(around).map((labels) => ({ address: OUTSIDE, labels }));

const WORKLOAD_ENTRY: Rows = [
  ...ISTIO_METADATA.filter(([pattern]) => !pattern.test("metadata.labels")),
  [/^metadata\.labels$/, (around) => [...workloadLabels(around), { "istio.io/rev": NOBODY }]],
  [/^spec$/, workloadSpec],
  [/^spec\.labels$/, workloadLabels],
  [/^(metadata|spec)\.labels\.security\.istio\.io\/tlsMode$/, () => TLS_MODES],
  [/^(metadata|spec)\.labels\./, workloadLabelValue],
  [/^spec\.address$/, addresses],
  [/^spec\.serviceAccount$/, () => [ABSENT, UNREADABLE]],
];

const READY = { type: "Ready", status: "True" };

const podStatus: Values = ({ addresses }) => [
  ABSENT,
  ...addresses.map((podIP) => ({ podIP, conditions: [READY] })),
];

const POD: Rows = [
  [/^metadata$/, metadata(podName)],
  [/^metadata\.name$/, podName],
  [/^metadata\.labels$/, tlsLabels],
  [/^metadata\.labels\.security\.istio\.io\/tlsMode$/, () => TLS_MODES],
  [/^metadata\.namespace$/, namespaces],
  [/^metadata\.deletionTimestamp$/, () => [ABSENT, UNREADABLE]],
  [/^status$/, podStatus],
  [/^status\.phase$/, () => ["Running", "Failed"]],
  [/^status\.podIP$/, ({ addresses }) => [UNREADABLE, ...addresses]],
  [/^status\.conditions$/, () => [ABSENT, [READY]]],
  [/^status\.conditions\.\d+$/, () => [ABSENT, READY]],
  [/^status\.conditions\.\d+\.type$/, () => ["Ready", UNREADABLE]],
  [/^status\.conditions\.\d+\.status$/, () => ["True", "False"]],
];

const TABLE: Readonly<Record<string, Rows>> = {
  DestinationRule: DESTINATION_RULE,
  Service: SERVICE,
  EndpointSlice: ENDPOINT_SLICE,
  Endpoints: ENDPOINTS,
  ServiceEntry: SERVICE_ENTRY,
  Sidecar: SIDECAR,
  VirtualService: VIRTUAL_SERVICE,
  PeerAuthentication: PEER_AUTHENTICATION,
  Pod: POD,
  WorkloadEntry: WORKLOAD_ENTRY,
};

function rowFor(object: Plain, path: Path): Values | undefined {
  const place = path.join(".");
  return TABLE[text(object.kind)]?.find(([pattern]) => pattern.test(place))?.[1];
}

/** Whether an unknown value at this place can make a difference. */
export function matters(object: Plain, path: Path): boolean {
  return rowFor(object, path) !== undefined;
}

/** The values to try at an unknown place, each once. */
export function completionsOf(object: Plain, path: Path, around: Surroundings): readonly unknown[] {
  const values = rowFor(object, path)?.(around) ?? [];
  const distinct = new Map(
    values.map((value) => [value === ABSENT ? "" : JSON.stringify(value), value]),
  );
  return [...distinct.values()];
}
