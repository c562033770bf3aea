/** A field of an object that the API server refuses, in YAML, and what is said of it. */
export type Invalid = [story: string, kind: string, spec: string, message: string];

const WARMUP = "{host: h, trafficPolicy: {loadBalancer: {warmup: ";

/**
 * What Istio's CustomResourceDefinitions refuse of the kinds that are judged: types, limits, fields
 * that there aren't, and the CEL rules.
 */
export const INVALID: Invalid[] = [
  [
    "a mode in small letters",
    "DestinationRule",
    "{host: h, trafficPolicy: {tls: {mode: istio_mutual}}}",
    'spec.trafficPolicy.tls.mode: "istio_mutual" isn\'t one of DISABLE, SIMPLE, MUTUAL, ISTIO_MUTUAL; write ISTIO_MUTUAL',
  ],
  [
    "a mode in place of its block",
    "DestinationRule",
    "{host: h, trafficPolicy: {tls: ISTIO_MUTUAL}}",
    "spec.trafficPolicy.tls: expected a map, found text; write {mode: ISTIO_MUTUAL}",
  ],
  [
    "a field in the wrong case",
    "DestinationRule",
    "{host: h, trafficpolicy: {tls: {mode: DISABLE}}}",
    "spec.trafficpolicy: there is no such field; write trafficPolicy",
  ],
  [
    "a field in the wrong place",
    "DestinationRule",
    "{host: h, tls: {mode: DISABLE}}",
    "spec.tls: there is no such field here; it belongs in trafficPolicy.tls",
  ],
  [
    "a text for a list",
    "DestinationRule",
    '{host: h, exportTo: "*"}',
    'spec.exportTo: expected a list, found text; write ["*"]',
  ],
  [
    "a number for text",
    "DestinationRule",
    "{host: h, subsets: [{name: a, labels: {v: 1}}]}",
    'spec.subsets[0].labels.v: expected text, found a number; write "1", in quotes',
  ],
  [
    "text for a number",
    "DestinationRule",
    '{host: h, trafficPolicy: {portLevelSettings: [{port: {number: "443"}}]}}',
    "spec.trafficPolicy.portLevelSettings[0].port.number: expected a whole number, found text; write it without quotes",
  ],
  [
    "two ways to balance",
    "DestinationRule",
    "{host: h, trafficPolicy: {loadBalancer: {simple: RANDOM, consistentHash: {useSourceIp: true}}}}",
    "spec.trafficPolicy.loadBalancer: give only one of simple, consistentHash",
  ],
  [
    "more than all",
    "DestinationRule",
    `${WARMUP}{duration: 1s, minimumPercent: 101}}}}`,
    "spec.trafficPolicy.loadBalancer.warmup.minimumPercent: 101 is more than 100",
  ],
  [
    "no duration",
    "DestinationRule",
    `${WARMUP}{minimumPercent: 1}}}}`,
    "spec.trafficPolicy.loadBalancer.warmup: duration is missing",
  ],
  [
    "less than none",
    "DestinationRule",
    `${WARMUP}{duration: 1s, aggression: -1}}}}`,
    "spec.trafficPolicy.loadBalancer.warmup.aggression: -1 is less than 0",
  ],
  ["no spec", "ServiceEntry", "null", "spec is missing"],
  ["no host", "ServiceEntry", "{}", "spec: hosts is missing"],
  [
    "an empty list of hosts",
    "ServiceEntry",
    "{hosts: []}",
    "spec.hosts: expected at least 1 item, found 0",
  ],
  ["any host", "ServiceEntry", '{hosts: ["*"]}', "spec.hosts[0]: hostname cannot be wildcard"],
  [
    "a place that there isn't",
    "ServiceEntry",
    "{hosts: [h.example], location: abc}",
    'spec.location: "abc" isn\'t one of MESH_EXTERNAL, MESH_INTERNAL',
  ],
  [
    "a star in a selector",
    "ServiceEntry",
    '{hosts: [h.example], workloadSelector: {labels: {app: "a*"}}}',
    "spec.workloadSelector.labels.app: wildcard is not supported in selector",
  ],
  [
    "a selector and endpoints",
    "ServiceEntry",
    "{hosts: [h.example], workloadSelector: {}, endpoints: [{address: 192.0.2.1}]}",
    "spec: only one of WorkloadSelector or Endpoints can be set",
  ],
  [
    "a range that is looked up",
    "ServiceEntry",
    "{hosts: [h.example], addresses: [192.0.2.0/24], resolution: DNS}",
    "spec: CIDR addresses are allowed only for NONE/STATIC resolution types",
  ],
  [
    "two ports of one name",
    "ServiceEntry",
    "{hosts: [h.example], ports: [{name: p, number: 1}, {name: p, number: 2}]}",
    'spec.ports[1]: another item has name "p" too',
  ],
  [
    "two ports of one number",
    "ServiceEntry",
    "{hosts: [h.example], ports: [{name: p, number: 1}, {name: q, number: 1}]}",
    "spec.ports: port number cannot be duplicated",
  ],
  [
    "a port that is too high",
    "ServiceEntry",
    "{hosts: [h.example], ports: [{name: p, number: 65536}]}",
    "spec.ports[0].number: port must be between 1-65535",
  ],
  [
    "a target port that is too high",
    "ServiceEntry",
    "{hosts: [h.example], ports: [{name: p, number: 1, targetPort: 65536}]}",
    "spec.ports[0].targetPort: port must be between 1-65535",
  ],
  [
    "endpoints that nobody asks for",
    "ServiceEntry",
    "{hosts: [h.example], endpoints: [{address: 192.0.2.1}]}",
    "spec: NONE mode cannot set endpoints",
  ],
  [
    "a round robin of two",
    "ServiceEntry",
    "{hosts: [h.example], resolution: DNS_ROUND_ROBIN, endpoints: [{address: a.example}, {address: b.example}]}",
    "spec: DNS_ROUND_ROBIN mode cannot have multiple endpoints",
  ],
  ["no spec", "WorkloadEntry", "null", "spec is missing"],
  ["no address", "WorkloadEntry", "{}", "spec: Address is required"],
  [
    "a socket that is a folder",
    "WorkloadEntry",
    '{address: "unix:///run/"}',
    "spec.address: UDS may not be a dir",
  ],
  [
    "a socket without a root",
    "WorkloadEntry",
    '{address: "unix://run"}',
    "spec.address: UDS must be an absolute path or abstract socket",
  ],
  [
    "a socket with ports",
    "WorkloadEntry",
    '{address: "unix://@run", ports: {http: 80}}',
    "spec: UDS may not include ports",
  ],
  [
    "a port that is too high",
    "WorkloadEntry",
    "{address: 192.0.2.1, ports: {http: 65536}}",
    "spec.ports.http: port must be between 1-65535",
  ],
  [
    "a port of a name that is none",
    "WorkloadEntry",
    '{address: 192.0.2.1, ports: {"a b": 80}}',
    "spec.ports: port name must be valid",
  ],
  [
    "a mode that there isn't",
    "PeerAuthentication",
    "{mtls: {mode: ON_AND_OFF}}",
    'spec.mtls.mode: "ON_AND_OFF" isn\'t one of UNSET, DISABLE, PERMISSIVE, STRICT',
  ],
  [
    "a port that is a name",
    "PeerAuthentication",
    "{selector: {matchLabels: {a: b}}, portLevelMtls: {http: {mode: STRICT}}}",
    "spec.portLevelMtls: port must be between 1-65535",
  ],
  [
    "ports of all workloads",
    "PeerAuthentication",
    '{portLevelMtls: {"80": {mode: STRICT}}}',
    "spec: portLevelMtls requires selector",
  ],
  [
    "no port",
    "PeerAuthentication",
    "{selector: {matchLabels: {a: b}}, portLevelMtls: {}}",
    "spec.portLevelMtls: expected at least 1 key, found 0",
  ],
  [
    "port 0",
    "PeerAuthentication",
    '{selector: {matchLabels: {a: b}}, portLevelMtls: {"0": {mode: STRICT}}}',
    "spec.portLevelMtls: port must be between 1-65535",
  ],
  [
    "a port that is too high",
    "PeerAuthentication",
    '{selector: {matchLabels: {a: b}}, portLevelMtls: {"65536": {mode: STRICT}}}',
    "spec.portLevelMtls: port must be between 1-65535",
  ],
];
