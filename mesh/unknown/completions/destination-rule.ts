import { UNREADABLE } from "../../input/plain.js";
import { ABSENT } from "../../input/unknowns.js";
import {
  exportTo,
  exportToItem,
  ISTIO_METADATA,
  labelValue,
  matchLabels,
} from "./istio-objects.js";
import {
  NOBODY,
  OTHER_PORT,
  portNumber,
  portReference,
  type CompletionRows,
  type Values,
} from "./values.js";

const PLAIN = { mode: "DISABLE" };
const MUTUAL = { mode: "ISTIO_MUTUAL" };
const TLS = [ABSENT, PLAIN, MUTUAL];
const PASSTHROUGH = { loadBalancer: { simple: "PASSTHROUGH" } };
/** What one level of a policy can say. */
const SETTINGS_KINDS = [{}, { tls: PLAIN }, { tls: MUTUAL }, PASSTHROUGH];

/** Places that hold a policy: the rule's own, or a subset's. */
const POLICY = String.raw`(spec|spec\.subsets\.\d+)\.trafficPolicy`;
const SETTINGS = String.raw`${POLICY}(\.portLevelSettings\.\d+)?`;

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

const ruleSpec: Values = (context) => {
  const { hosts, subsetNames, exportSets } = context;
  const seenBy = [
    ...[["*"], ["."], ...exportSets].map((set) => ({ exportTo: set })),
    { workloadSelector: {} },
  ];
  const policies = [{}, ...policy(context).map((trafficPolicy) => ({ trafficPolicy }))];
  // Only rules that are exported alike are merged, so that one's subset replaces the other's.
  const subsets = [UNREADABLE, ...subsetNames].flatMap((name) =>
    [["*"], ...exportSets].map((set) => ({
      exportTo: set,
      subsets: [{ name, trafficPolicy: { tls: MUTUAL } }],
    })),
  );
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

const oneSubset: Values = ({ subsetNames }) =>
  [UNREADABLE, ...subsetNames].flatMap((name) => [
    { name },
    { name, trafficPolicy: { tls: PLAIN } },
    { name, trafficPolicy: { tls: MUTUAL } },
  ]);

const selector: Values = (context) => [
  ABSENT,
  ...matchLabels(context).map((labels) => ({ matchLabels: labels })),
];

/** Hosts, visibility, selectors, policies and subsets of rules. */
export const DESTINATION_RULE: CompletionRows = [
  ...ISTIO_METADATA,
  [/^spec$/, ruleSpec],
  [/^spec\.host$/, ruleHost],
  [/^spec\.exportTo$/, exportTo],
  [/^spec\.exportTo\.\d+$/, exportToItem],
  [/^spec\.workloadSelector$/, selector],
  [/^spec\.workloadSelector\.matchLabels$/, matchLabels],
  [/^spec\.workloadSelector\.matchLabels\./, labelValue],
  [new RegExp(`^${POLICY}$`), (context) => [ABSENT, ...policy(context)]],
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
  [/^spec\.subsets$/, (context) => [ABSENT, ...oneSubset(context).map((subset) => [subset])]],
  [/^spec\.subsets\.\d+$/, (context) => [ABSENT, ...oneSubset(context)]],
  [/^spec\.subsets\.\d+\.name$/, ({ subsetNames }) => [UNREADABLE, ...subsetNames]],
];
