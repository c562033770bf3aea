import { UNREADABLE } from "../../input/plain.js";
import { ABSENT } from "../../input/unknowns.js";
import {
  metadata,
  namespaces,
  NOBODY,
  OTHER_LABELS,
  something,
  type CompletionRows,
  type Values,
} from "./values.js";

/** Namespaces and names, and that they are for another revision. */
export const istioMetadata =
  (names: Values): Values =>
  (context) => [
    ...metadata(names)(context),
    ...[NOBODY, UNREADABLE].map((name) => ({
      name: UNREADABLE,
      namespace: context.clientNamespace,
      labels: { "istio.io/rev": name },
    })),
  ];

/** Of this revision, of one that nothing else is for, and of yet another one. */
const revision: Values = () => [ABSENT, NOBODY, UNREADABLE];
const revisionLabels: Values = (context) =>
  revision(context).map((name) => (name === ABSENT ? ABSENT : { "istio.io/rev": name }));

/** The metadata of all of them; what most of them are named doesn't matter. */
export const ISTIO_METADATA: CompletionRows = [
  [/^metadata$/, istioMetadata(something)],
  [/^metadata\.namespace$/, namespaces],
  [/^metadata\.labels$/, revisionLabels],
  [/^metadata\.labels\.istio\.io\/rev$/, revision],
];

/** Who sees an object. */
export const exportTo: Values = ({ clientNamespace, exportSets }) => [
  ABSENT,
  ["*"],
  ["."],
  [NOBODY],
  [clientNamespace],
  ...exportSets,
  ...exportSets.map((set) => [...set, NOBODY]),
];

/** One of those who see it. */
export const exportToItem: Values = ({ clientNamespace }) => ["*", ".", NOBODY, clientNamespace];

/** What workloads are selected by. */
export const matchLabels: Values = ({ selectors, clientLabels }) => [
  {},
  OTHER_LABELS,
  clientLabels,
  ...selectors,
];

/** One of those labels' values. */
export const labelValue: Values = ({ clientLabels, selectors }) => [
  UNREADABLE,
  ...[clientLabels, ...selectors].flatMap((labels) => Object.values(labels)),
];
