import type { KubeObject, MeshFacts } from "../../mesh/index.js";
import {
  DISABLE,
  E,
  E_HOST,
  endpoints,
  HTTP,
  HTTPS,
  IM,
  MUTUAL,
  OFF,
  OUTSIDE,
  peerAuthentication,
  pod,
  POOL_ONLY,
  rule,
  service,
  serviceEntry,
  sidecar,
  slice,
  tls,
  W,
  W_HOST,
} from "./objects.js";

/** One row of the table, or one of its variants. */
export interface Decision {
  /** The row's number, with a letter for each variant that it names. */
  row: string;
  title: string;
  objects: KubeObject[];
  /** By `client @ host`: the clusters, as `port[/subset] TLS`; none for NOCL. */
  effective: Record<string, string[]>;
  violation: "yes" | "yes(d)" | "no" | "undecided";
  facts?: Partial<MeshFacts>;
}

const ALL_N = "*.n.svc.cluster.local";
const H_ORG = {
  hosts: ["h.org"],
  ports: [{ number: 443, name: "tls", protocol: "TLS" }],
  resolution: "DNS",
};

/** What some clients are sent for `n/w`: `{ n: "AUTO" }` is one cluster, port 443. */
function w(by: Record<string, string | string[]>): Record<string, string[]> {
  return at(W_HOST, by);
}

function at(host: string, by: Record<string, string | string[]>): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(by).map(([client, clusters]) => [
      `${client} @ ${host}`,
      typeof clusters === "string" ? [`443 ${clusters}`] : clusters,
    ]),
  );
}

function subsets(...names: string[]) {
  return { subsets: names.map((name) => ({ name, labels: { version: name } })) };
}

const SELECT_A = { workloadSelector: { matchLabels: { app: "a" } } };
const PORT_443 = { port: { number: 443 } };

function wWith(spec: Record<string, unknown>): KubeObject[] {
  return [service("n", "w", { ports: [HTTPS], ...spec }), endpoints("n", "w")];
}

const HOSTS: Decision[] = [
  {
    row: "1",
    title: "no rule: plaintext, since no endpoint is tagged",
    objects: [...W],
    effective: w({ n: "AUTO", x: "AUTO", root: "AUTO" }),
    violation: "no",
  },
  {
    row: "2",
    title: "the full host, ISTIO_MUTUAL",
    objects: [...W, rule("n", "r", { host: W_HOST, ...IM })],
    effective: w({ n: "ISTIO_MUTUAL", x: "ISTIO_MUTUAL", root: "ISTIO_MUTUAL" }),
    violation: "yes",
  },
  {
    row: "4",
    title: "a short host in another namespace is a Service of that namespace",
    objects: [...W, rule("x", "r", { host: "w", ...IM })],
    effective: w({ n: "AUTO", x: "AUTO" }),
    violation: "no",
  },
  ...["w.n", "w.n.svc", `${W_HOST}.`, "W.n.svc.cluster.local"].map((host, index): Decision => ({
    row: `5${"abcd".charAt(index)}`,
    title: `the host ${host} looks right and is inert`,
    objects: [...W, rule("n", "r", { host, ...IM })],
    effective: w({ n: "AUTO", x: "AUTO" }),
    violation: "no",
  })),
  {
    row: "7",
    title: "the endpoint's own address as host",
    objects: [...W, rule("n", "r", { host: OUTSIDE, ...IM })],
    effective: w({ n: "AUTO" }),
    violation: "no",
  },
  {
    row: "8",
    title: "DISABLE beside the Service",
    objects: [...W, rule("n", "r", { host: W_HOST, ...OFF })],
    effective: w({ n: "PLAIN", x: "PLAIN", root: "PLAIN" }),
    violation: "no",
  },
  ...[{ sni: "x" }, { subjectAltNames: ["x"] }, {}].map((settings, index): Decision => ({
    row: `10${"abc".charAt(index)}`,
    title: `tls ${JSON.stringify(settings)} without a mode means DISABLE`,
    objects: [...W, rule("n", "r", { host: W_HOST, ...tls(settings) })],
    effective: w({ n: "PLAIN" }),
    violation: "no",
  })),
  {
    row: "11",
    title: "a wildcard of the root namespace",
    objects: [...W, rule("istio-system", "r", { host: ALL_N, ...IM })],
    effective: w({ n: "ISTIO_MUTUAL", x: "ISTIO_MUTUAL", root: "ISTIO_MUTUAL" }),
    violation: "yes",
  },
  {
    row: "13",
    title: "a client's own wildcard beats the exact rule beside the Service",
    objects: [
      ...W,
      rule("n", "off", { host: W_HOST, ...OFF }),
      rule("x", "im", { host: ALL_N, ...IM }),
    ],
    effective: w({ x: "ISTIO_MUTUAL", n: "PLAIN", y: "PLAIN" }),
    violation: "yes",
  },
  {
    row: "14",
    title: "a wildcard beside the Service beats an exact rule of the root namespace",
    objects: [
      ...W,
      rule("istio-system", "im", { host: W_HOST, ...IM }),
      rule("n", "off", { host: ALL_N, ...OFF }),
    ],
    effective: w({ n: "PLAIN", x: "PLAIN", root: "PLAIN" }),
    violation: "no",
  },
  ...[["."], ["n"]].map((exportTo, index): Decision => ({
    row: `16${"ab".charAt(index)}`,
    title: `exported to ${exportTo.join()} only: the Service's own namespace`,
    objects: [...W, rule("n", "r", { host: W_HOST, exportTo, ...IM })],
    effective: w({ n: "ISTIO_MUTUAL", x: "AUTO" }),
    violation: "yes",
  })),
  {
    row: "17",
    title: "exported to another namespace only",
    objects: [...W, rule("n", "r", { host: W_HOST, exportTo: ["x"], ...IM })],
    effective: w({ x: "ISTIO_MUTUAL", n: "AUTO", y: "AUTO" }),
    violation: "yes",
  },
  ...["*", "*.local"].map((host, index): Decision => ({
    row: `19${"ab".charAt(index)}`,
    title: `${host} in a client's namespace`,
    objects: [...W, rule("x", "r", { host, ...IM })],
    effective: w({ x: "ISTIO_MUTUAL", n: "AUTO" }),
    violation: "yes",
  })),
  {
    row: "20",
    title: "the longer of two wildcards in the client's namespace",
    objects: [
      ...W,
      rule("x", "off", { host: ALL_N, ...OFF }),
      rule("x", "im", { host: "*.svc.cluster.local", ...IM }),
    ],
    effective: w({ x: "PLAIN" }),
    violation: "no",
  },
  {
    row: "22",
    title: "a wildcard that starts inside a label is longer",
    objects: [
      ...W,
      rule("n", "off", { host: ALL_N, ...OFF }),
      rule("n", "im", { host: `*${W_HOST}`, ...IM }),
    ],
    effective: w({ n: "ISTIO_MUTUAL", x: "ISTIO_MUTUAL" }),
    violation: "yes",
  },
  {
    row: "23",
    title: "a star that isn't first is no wildcard",
    objects: [...W, rule("n", "r", { host: "my-*.n.svc.cluster.local", ...IM })],
    effective: w({ n: "AUTO" }),
    violation: "no",
  },
];

const V1_OFF = { subsets: [{ name: "v1", ...OFF }] };
const V1_IM = { subsets: [{ name: "v1", ...IM }] };

/** Rules of one host: their order decides, and where it isn't known so is the answer. */
function ordered(
  row: string,
  title: string,
  rules: [name: string, spec: Record<string, unknown>][],
  effective: Decision["effective"],
  violation: Decision["violation"],
  unordered: Decision["violation"],
): Decision[] {
  const created = rules.map(([name, spec], index) =>
    rule("n", name, { host: W_HOST, ...spec }, { created: index + 1 }),
  );
  const undated = rules.map(([name, spec]) => rule("n", name, { host: W_HOST, ...spec }));
  return [
    { row: `${row}a`, title, objects: [...W, ...created], effective, violation },
    {
      row: `${row}b`,
      title: `${title}; order unknown`,
      objects: [...W, ...undated],
      effective: {},
      violation: unordered,
    },
  ];
}

const MERGING: Decision[] = [
  ...ordered(
    "25",
    "older DISABLE, newer ISTIO_MUTUAL",
    [
      ["b", OFF],
      ["a", IM],
    ],
    w({ n: "PLAIN", x: "PLAIN" }),
    "no",
    "undecided",
  ),
  ...ordered(
    "26",
    "older ISTIO_MUTUAL, newer DISABLE",
    [
      ["b", IM],
      ["a", OFF],
    ],
    w({ n: "ISTIO_MUTUAL", x: "ISTIO_MUTUAL" }),
    "yes",
    "undecided",
  ),
  ...ordered(
    "28",
    "an older rule with only a connection pool hides a newer ISTIO_MUTUAL",
    [
      ["b", POOL_ONLY],
      ["a", IM],
    ],
    w({ n: "AUTO", x: "AUTO" }),
    "no",
    "undecided",
  ),
  ...ordered(
    "29",
    "an older rule with only subsets takes the newer one's policy",
    [
      ["b", subsets("v1")],
      ["a", IM],
    ],
    w({ n: ["443 ISTIO_MUTUAL", "443/v1 ISTIO_MUTUAL"] }),
    "yes",
    "yes",
  ),
  ...ordered(
    "31",
    "of three with exportTo unset, *, unset the third wins alone",
    [
      ["c", OFF],
      ["b", { exportTo: ["*"], ...IM }],
      ["a", POOL_ONLY],
    ],
    w({ n: "AUTO", x: "AUTO" }),
    "no",
    "undecided",
  ),
  ...ordered(
    "32",
    "a wider exportTo is merged into the narrower one",
    [
      ["b", { exportTo: ["x"], ...IM }],
      ["a", { exportTo: ["x", "y"], ...OFF }],
    ],
    w({ x: "ISTIO_MUTUAL", y: "AUTO", n: "AUTO" }),
    "yes",
    // Merged or, the other way round, last of two: x gets ISTIO_MUTUAL either way.
    "yes",
  ),
  ...ordered(
    "34",
    "a newer rule's subset inherits the older rule's ISTIO_MUTUAL",
    [
      ["b", IM],
      ["a", subsets("v1")],
    ],
    w({ n: ["443 ISTIO_MUTUAL", "443/v1 ISTIO_MUTUAL"] }),
    "yes",
    "yes",
  ),
  ...ordered(
    "35",
    "of two subsets of one name the older counts",
    [
      ["b", V1_OFF],
      ["a", V1_IM],
    ],
    w({ n: ["443 AUTO", "443/v1 PLAIN"] }),
    "no",
    "undecided",
  ),
];

function policy(trafficPolicy: Record<string, unknown>, more: Record<string, unknown> = {}) {
  return rule("n", "r", { host: W_HOST, trafficPolicy, ...more });
}

const LEVELS: Decision[] = [
  {
    row: "37",
    title: "the only port is exempted",
    objects: [...W, policy({ tls: MUTUAL, portLevelSettings: [{ ...PORT_443, tls: DISABLE }] })],
    effective: w({ n: "PLAIN" }),
    violation: "no",
  },
  {
    row: "38",
    title: "one of two ports is exempted",
    objects: [
      ...wWith({ ports: [HTTPS, HTTP] }),
      policy({ tls: MUTUAL, portLevelSettings: [{ ...PORT_443, tls: DISABLE }] }),
    ],
    effective: w({ n: ["80 ISTIO_MUTUAL", "443 PLAIN"] }),
    violation: "yes",
  },
  {
    row: "40",
    title: "a port level setting for a target port is inert",
    objects: [
      ...wWith({ ports: [{ ...HTTPS, targetPort: 8443 }] }),
      policy({ portLevelSettings: [{ port: { number: 8443 }, tls: MUTUAL }] }),
    ],
    effective: w({ n: "AUTO" }),
    violation: "no",
  },
  {
    row: "41",
    title: "of two settings for one port the first counts",
    objects: [
      ...W,
      policy({
        portLevelSettings: [
          { ...PORT_443, tls: MUTUAL },
          { ...PORT_443, tls: DISABLE },
        ],
      }),
    ],
    effective: w({ n: "ISTIO_MUTUAL" }),
    violation: "yes",
  },
  {
    row: "43",
    title: "ISTIO_MUTUAL in a subset only, used or not",
    objects: [...W, policy({ tls: DISABLE }, V1_IM)],
    effective: w({ n: ["443 PLAIN", "443/v1 ISTIO_MUTUAL"] }),
    violation: "yes",
  },
  {
    row: "44",
    title: "what a subset says, and what it inherits",
    objects: [
      ...W,
      policy(
        { tls: MUTUAL },
        {
          subsets: [
            { name: "a-none" },
            { name: "b-off", ...OFF },
            {
              name: "c-port",
              trafficPolicy: {
                portLevelSettings: [{ ...PORT_443, loadBalancer: { simple: "RANDOM" } }],
              },
            },
          ],
        },
      ),
    ],
    effective: w({
      n: ["443 ISTIO_MUTUAL", "443/a-none ISTIO_MUTUAL", "443/b-off PLAIN", "443/c-port AUTO"],
    }),
    violation: "yes",
  },
  {
    row: "46",
    title: "a subset with only a load balancer inherits the port's ISTIO_MUTUAL",
    objects: [
      ...W,
      policy(
        { portLevelSettings: [{ ...PORT_443, tls: MUTUAL }] },
        { subsets: [{ name: "v1", trafficPolicy: { loadBalancer: { simple: "RANDOM" } } }] },
      ),
    ],
    effective: w({ n: ["443 ISTIO_MUTUAL", "443/v1 ISTIO_MUTUAL"] }),
    violation: "yes",
  },
];

const SELECTORS: Decision[] = [
  {
    row: "47",
    title: "a rule for selected workloads shadows the Service's for the whole namespace",
    objects: [
      ...W,
      rule("x", "im", { host: W_HOST, ...SELECT_A, ...IM }),
      rule("n", "off", { host: W_HOST, ...OFF }),
    ],
    effective: w({ "x app=a": "ISTIO_MUTUAL", x: "AUTO", n: "PLAIN" }),
    violation: "yes",
  },
  {
    row: "49",
    title: "a private catch-all is folded into a selector rule and lost (istio/istio#58322)",
    objects: [
      ...W,
      rule("n", "a", { host: W_HOST, ...SELECT_A, ...POOL_ONLY }),
      rule("n", "b", { host: W_HOST, exportTo: ["."], ...IM }),
    ],
    effective: w({ n: "AUTO", "n app=a": "AUTO" }),
    violation: "no",
  },
  {
    row: "50",
    title: "the same, where the selector rule has no policy of its own",
    objects: [
      ...W,
      rule("n", "a", { host: W_HOST, ...SELECT_A }),
      rule("n", "b", { host: W_HOST, exportTo: ["."], ...IM }),
    ],
    effective: w({ "n app=a": "ISTIO_MUTUAL", n: "AUTO" }),
    violation: "yes",
  },
  {
    row: "52",
    title: "an empty workloadSelector fits every workload of the namespace and no other",
    objects: [...W, rule("n", "r", { host: W_HOST, workloadSelector: {}, ...IM })],
    effective: w({ n: "ISTIO_MUTUAL", x: "AUTO" }),
    violation: "yes",
  },
  {
    row: "53",
    title: "a client's own rule that says nothing of TLS shadows the root namespace's",
    objects: [
      ...W,
      rule("x", "pool", { host: W_HOST, ...POOL_ONLY }),
      rule("istio-system", "im", { host: ALL_N, ...IM }),
    ],
    effective: w({ x: "AUTO", n: "ISTIO_MUTUAL" }),
    violation: "yes",
  },
  {
    row: "55",
    title: "a private rule of the root namespace holds for its own proxies, gateways first",
    objects: [...W, rule("istio-system", "r", { host: ALL_N, exportTo: ["."], ...IM })],
    effective: w({ n: "AUTO", root: "ISTIO_MUTUAL", "root sidecar": "ISTIO_MUTUAL" }),
    violation: "yes",
  },
  {
    row: "56",
    title: "exported to . and x, a rule of the root namespace is invisible in the root itself",
    objects: [...W, rule("istio-system", "r", { host: ALL_N, exportTo: [".", "x"], ...IM })],
    effective: w({ x: "ISTIO_MUTUAL", root: "AUTO", n: "AUTO" }),
    violation: "yes",
  },
];

const SERVICES: Decision[] = [
  {
    row: "58a",
    title: "headless, no rule",
    objects: wWith({ clusterIP: "None" }),
    effective: w({ n: "PLAIN", x: "PLAIN", root: "PLAIN" }),
    violation: "no",
  },
  {
    row: "58b",
    title: "headless, ISTIO_MUTUAL",
    objects: [...wWith({ clusterIP: "None" }), rule("n", "r", { host: W_HOST, ...IM })],
    effective: w({ n: "ISTIO_MUTUAL", x: "ISTIO_MUTUAL", root: "ISTIO_MUTUAL" }),
    violation: "yes",
  },
  {
    row: "59",
    title: "PASSTHROUGH at the top, no tls",
    objects: [...W, policy({ loadBalancer: { simple: "PASSTHROUGH" } })],
    effective: w({ n: "PLAIN" }),
    violation: "no",
  },
  {
    row: "59h",
    title: "PASSTHROUGH for a port only: mutual TLS that nobody wrote",
    objects: [
      ...W,
      policy({ portLevelSettings: [{ ...PORT_443, loadBalancer: { simple: "PASSTHROUGH" } }] }),
    ],
    effective: w({ n: "ISTIO_MUTUAL" }),
    violation: "yes",
  },
  ...[{ type: "LoadBalancer" }, { selector: {} }, { type: "NodePort" }].map(
    (spec, index): Decision => ({
      row: `61${"abc".charAt(index)}`,
      title: `${JSON.stringify(spec)} makes no difference`,
      objects: [...wWith(spec), rule("n", "r", { host: W_HOST, ...IM })],
      effective: w({ n: "ISTIO_MUTUAL" }),
      violation: "yes",
    }),
  ),
  {
    row: "62",
    title: "a manual slice with an outside address on a Service with a selector",
    objects: [
      service("n", "w", { selector: { app: "w" }, ports: [HTTPS] }),
      slice("n", "w", OUTSIDE),
      rule("n", "r", { host: W_HOST, ...IM }),
    ],
    effective: w({ n: "ISTIO_MUTUAL" }),
    violation: "yes",
  },
  ...(
    [
      ["a slice without the service name label", slice("n", undefined, OUTSIDE)],
      ["a slice of names", slice("n", "w", "h.org", { addressType: "FQDN" })],
      [
        "Endpoints that aren't mirrored",
        endpoints("n", "w", { ip: OUTSIDE }, HTTPS, {
          labels: { "endpointslice.kubernetes.io/skip-mirror": "true" },
        }),
      ],
    ] as [string, KubeObject][]
  ).map(([what, object], index): Decision => ({
    row: `64${"abc".charAt(index)}`,
    title: `${what}: no address is known`,
    objects: [
      service("n", "w", { ports: [HTTPS] }),
      object,
      rule("n", "r", { host: W_HOST, ...IM }),
    ],
    effective: w({ n: "ISTIO_MUTUAL" }),
    violation: "undecided",
  })),
  {
    row: "65",
    title: "Endpoints that point at a Pod with a sidecar",
    objects: [
      service("n", "w", { ports: [HTTPS] }),
      endpoints("n", "w", {
        ip: "10.1.0.7",
        targetRef: { kind: "Pod", namespace: "n", name: "p" },
      }),
      pod("n", "p", "10.1.0.7"),
      rule("n", "r", { host: W_HOST, ...IM }),
    ],
    effective: w({ n: "ISTIO_MUTUAL" }),
    violation: "no",
  },
  {
    row: "65b",
    title: "Endpoints with the bare address of a Pod in the same namespace",
    objects: [
      service("n", "w", { ports: [HTTPS] }),
      endpoints("n", "w", { ip: "10.1.0.7" }),
      pod("n", "p", "10.1.0.7"),
      rule("n", "r", { host: W_HOST, ...IM }),
    ],
    effective: w({ n: "ISTIO_MUTUAL" }),
    violation: "no",
  },
  {
    row: "65c",
    title: "the bare address of a Pod in another namespace is just an address",
    objects: [
      service("n", "w", { ports: [HTTPS] }),
      endpoints("n", "w", { ip: "10.1.0.7" }),
      pod("x", "p", "10.1.0.7"),
      rule("n", "r", { host: W_HOST, ...IM }),
    ],
    effective: w({ n: "ISTIO_MUTUAL" }),
    violation: "yes",
  },
  {
    row: "65d",
    title: "an address inside the cluster's ranges isn't outside",
    objects: [
      service("n", "w", { ports: [HTTPS] }),
      endpoints("n", "w", { ip: "10.1.0.7" }),
      rule("n", "r", { host: W_HOST, ...IM }),
    ],
    effective: w({ n: "ISTIO_MUTUAL" }),
    violation: "no",
    facts: { clusterCidrs: ["10.0.0.0/8"] },
  },
  {
    row: "67",
    title: "Endpoints with the wrong port name leave the cluster as it is",
    objects: [
      service("n", "w", { ports: [HTTPS] }),
      endpoints("n", "w", { ip: OUTSIDE }, { name: "wrong", port: 443 }),
      rule("n", "r", { host: W_HOST, ...IM }),
    ],
    effective: w({ n: "ISTIO_MUTUAL" }),
    violation: "yes",
  },
  {
    row: "68",
    title: "a UDP port has no cluster",
    objects: [
      ...wWith({ ports: [{ ...HTTPS, protocol: "UDP" }] }),
      rule("n", "r", { host: W_HOST, ...IM }),
    ],
    effective: w({ n: [] }),
    violation: "yes(d)",
  },
  {
    row: "70a",
    title: "a rule for another revision is text here and live there",
    objects: [
      ...W,
      rule("n", "r", { host: W_HOST, ...IM }, { labels: { "istio.io/rev": "canary" } }),
    ],
    effective: w({ n: "AUTO" }),
    violation: "yes(d)",
  },
  {
    row: "70b",
    title: "the same under that revision",
    objects: [
      ...W,
      rule("n", "r", { host: W_HOST, ...IM }, { labels: { "istio.io/rev": "canary" } }),
    ],
    effective: w({ n: "ISTIO_MUTUAL" }),
    violation: "yes",
    facts: { revision: "canary" },
  },
  {
    row: "71",
    title: "a Sidecar that doesn't import the Service",
    objects: [
      ...W,
      sidecar("x", "s", { egress: [{ hosts: ["./*"] }] }),
      rule("n", "r", { host: W_HOST, ...IM }),
    ],
    effective: w({ x: [], n: "ISTIO_MUTUAL" }),
    violation: "yes",
  },
  {
    row: "73",
    title: "a ServiceEntry with the Service's own host beside it",
    objects: [
      ...W,
      serviceEntry("n", "s", { ...H_ORG, hosts: [W_HOST] }),
      rule("n", "r", { host: W_HOST, ...IM }),
    ],
    effective: w({ n: "ISTIO_MUTUAL", x: "ISTIO_MUTUAL", root: "ISTIO_MUTUAL" }),
    violation: "yes",
  },
  {
    row: "74a",
    title: "PeerAuthentication STRICT changes nothing",
    objects: [...W, peerAuthentication("n", "p", { mtls: { mode: "STRICT" } })],
    effective: w({ n: "AUTO", x: "AUTO" }),
    violation: "no",
  },
  {
    row: "74b",
    title: "PeerAuthentication DISABLE takes automatic mutual TLS away",
    objects: [...W, peerAuthentication("n", "p", { mtls: { mode: "DISABLE" } })],
    effective: w({ n: "PLAIN", x: "PLAIN" }),
    violation: "no",
  },
  ...[
    tls({ ...MUTUAL, sni: "x", clientCertificate: "/c.pem", privateKey: "/k.pem" }),
    { trafficPolicy: { tls: MUTUAL, proxyProtocol: { version: "V2" } } },
  ].map((spec, index): Decision => ({
    row: `76${"ab".charAt(index)}`,
    title: `ISTIO_MUTUAL stays what it is with ${index === 0 ? "certificates" : "proxyProtocol"}`,
    objects: [...W, rule("n", "r", { host: W_HOST, ...spec })],
    effective: w({ n: "ISTIO_MUTUAL" }),
    violation: "yes",
  })),
];

const OLD: Partial<MeshFacts> = { istioVersion: "1.23.0", externalNameAlias: false };

const EXTERNAL_NAMES: Decision[] = [
  ...[E_HOST, "e"].map((host, index): Decision => ({
    row: `77${"ab".charAt(index)}`,
    title: `an ExternalName and a rule on ${host}`,
    objects: [...E, rule("n", "r", { host, ...IM })],
    effective: at(E_HOST, { n: [], x: [] }),
    violation: "yes(d)",
  })),
  {
    row: "79",
    title: "an ExternalName under a wildcard of the root namespace",
    objects: [...E, rule("istio-system", "r", { host: ALL_N, ...IM })],
    effective: at(E_HOST, { n: [] }),
    violation: "yes(d)",
  },
  {
    row: "79b",
    title: "the same with a Service without selector beside it",
    objects: [...E, ...W, rule("istio-system", "r", { host: ALL_N, ...IM })],
    effective: { ...at(E_HOST, { n: [] }), ...w({ n: "ISTIO_MUTUAL" }) },
    violation: "yes",
  },
  {
    row: "80",
    title: "a rule on the target that nothing registers",
    objects: [...E, rule("n", "r", { host: "h.org", ...IM })],
    effective: { ...at(E_HOST, { n: [] }), ...at("h.org", { n: [] }) },
    violation: "yes(d)",
  },
  {
    row: "82",
    title: "a ServiceEntry for the target, no rule",
    objects: [...E, serviceEntry("n", "s", H_ORG)],
    effective: { ...at(E_HOST, { n: [] }), ...at("h.org", { n: "PLAIN" }) },
    violation: "no",
  },
  {
    row: "83",
    title: "a target with a trailing dot is another name than the ServiceEntry's",
    objects: [
      service("n", "e", { type: "ExternalName", externalName: "h.org." }),
      serviceEntry("n", "s", H_ORG),
      rule("n", "r", { host: "h.org", ...IM }),
    ],
    effective: at("h.org", { n: "ISTIO_MUTUAL" }),
    violation: "yes",
  },
  {
    row: "85a",
    title: "an ExternalName for a Service without selector; a rule on the alias",
    objects: [
      ...W,
      service("n", "e", { type: "ExternalName", externalName: W_HOST }),
      rule("n", "r", { host: E_HOST, ...IM }),
    ],
    effective: { ...at(E_HOST, { n: [] }), ...w({ n: "AUTO" }) },
    violation: "yes(d)",
  },
  {
    row: "85b",
    title: "the same; a rule on the Service",
    objects: [
      ...W,
      service("n", "e", { type: "ExternalName", externalName: W_HOST }),
      rule("n", "r", { host: W_HOST, ...IM }),
    ],
    effective: { ...at(E_HOST, { n: [] }), ...w({ n: "ISTIO_MUTUAL" }) },
    violation: "yes",
  },
  {
    row: "86",
    title: "an ExternalName for an ExternalName; a rule on the first",
    objects: [
      service("n", "a", { type: "ExternalName", externalName: "b.n.svc.cluster.local" }),
      service("n", "b", { type: "ExternalName", externalName: "h.org" }),
      rule("n", "r", { host: "a", ...IM }),
    ],
    effective: at("a.n.svc.cluster.local", { n: [] }),
    violation: "yes(d)",
  },
  ...["w.n", "w.n.svc"].map((externalName, index): Decision => ({
    row: `88${"ab".charAt(index)}`,
    title: `an ExternalName for ${externalName}, which Istio takes as an unknown name`,
    objects: [
      ...W,
      service("n", "e", { type: "ExternalName", externalName }),
      rule("n", "r", { host: E_HOST, ...IM }),
    ],
    effective: { ...at(E_HOST, { n: [] }), ...w({ n: "AUTO" }) },
    violation: "yes(d)",
  })),
  {
    row: "89a",
    title: "Istio 1.23 without aliases: an ExternalName has a cluster, and the rule holds",
    objects: [
      service("n", "e", { type: "ExternalName", externalName: "h.org", ports: [HTTPS] }),
      rule("n", "r", { host: E_HOST, ...IM }),
    ],
    effective: at(E_HOST, { n: "ISTIO_MUTUAL", x: "ISTIO_MUTUAL" }),
    violation: "yes",
    facts: OLD,
  },
  {
    row: "89b",
    title: "the same without a rule",
    objects: [service("n", "e", { type: "ExternalName", externalName: "h.org", ports: [HTTPS] })],
    effective: at(E_HOST, { n: "PLAIN" }),
    violation: "no",
    facts: OLD,
  },
  {
    row: "91",
    title: "a wildcard ServiceEntry follows wildcard rules only",
    objects: [
      serviceEntry("n", "s", { ...H_ORG, hosts: ["*.ex.com"], resolution: "NONE" }),
      rule("n", "im", { host: "*.com", ...IM }),
      rule("n", "off", { host: "a.ex.com", ...OFF }),
    ],
    effective: at("*.ex.com", { n: "ISTIO_MUTUAL", x: "ISTIO_MUTUAL" }),
    violation: "yes",
  },
  {
    row: "92",
    title: "the host of a ServiceEntry keeps its case",
    objects: [
      serviceEntry("n", "s", { ...H_ORG, hosts: ["UP.example"] }),
      rule("n", "r", { host: "up.example", ...IM }),
    ],
    effective: at("UP.example", { n: "PLAIN" }),
    violation: "no",
  },
];

/** Every row of the table; the missing numbers are missing there too. */
export const DECISIONS: readonly Decision[] = [
  ...HOSTS,
  ...MERGING,
  ...LEVELS,
  ...SELECTORS,
  ...SERVICES,
  ...EXTERNAL_NAMES,
];
