/** A core object in YAML, and what is said of it; undefined: it is read. */
export type CoreObject = [story: string, text: string, message: string | undefined];

const service = (spec: string) =>
  `apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: default}\nspec: ${spec}\n`;
const endpoints = (subsets: string) =>
  `apiVersion: v1\nkind: Endpoints\nmetadata: {name: a, namespace: default}\nsubsets: ${subsets}\n`;
const slice = (fields: string) =>
  `apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: a, namespace: default}\n${fields}\n`;
const pod = (spec: string) =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: default}\nspec: ${spec}\n`;
const IPV4 = "addressType: IPv4\nendpoints:";

/** What Kubernetes' API server refuses of its own kinds, and what looks like it and is accepted. */
export const CORE_OBJECTS: CoreObject[] = [
  ["a Service with a port", service("{ports: [{port: 443}]}"), undefined],
  [
    "a field in the wrong case",
    service("{externalname: h.example, ports: [{port: 443}]}"),
    "spec.externalname: there is no such field; write externalName",
  ],
  [
    "a field beside spec",
    service("{ports: [{port: 443}]}") + "specs: {}\n",
    "specs: there is no such field; write spec",
  ],
  [
    "a port in quotes",
    service('{ports: [{port: "443"}]}'),
    "spec.ports[0].port: expected a whole number, found text; write it without quotes",
  ],
  ["a port without a number", service("{ports: [{name: a}]}"), "spec.ports[0]: port is missing"],
  [
    "a port that is too high",
    service("{ports: [{port: 65536}]}"),
    "spec.ports[0].port: 65536 is no port; write one from 1 to 65535",
  ],
  [
    "a type that there isn't",
    service("{type: externalName, externalName: h.example}"),
    'spec.type: "externalName" isn\'t one of ClusterIP, ExternalName, LoadBalancer, NodePort; write ExternalName',
  ],
  [
    "a protocol in small letters",
    service("{ports: [{port: 443, protocol: tcp}]}"),
    'spec.ports[0].protocol: "tcp" isn\'t one of SCTP, TCP, UDP; write TCP',
  ],
  ["an ExternalName", service("{type: ExternalName, externalName: h.example}"), undefined],
  [
    "one with a dot at its end",
    service("{type: ExternalName, externalName: h.example.}"),
    undefined,
  ],
  ["one that is an address", service("{type: ExternalName, externalName: 192.0.2.1}"), undefined],
  [
    "an ExternalName without a name",
    service("{type: ExternalName}"),
    "spec: externalName is missing",
  ],
  [
    "an ExternalName in capital letters",
    service("{type: ExternalName, externalName: H.example}"),
    'spec.externalName: "H.example" isn\'t a host; write one such as api.example.org, in lower-case letters',
  ],
  [
    "an ExternalName that is a URL",
    service('{type: ExternalName, externalName: "https://h.example"}'),
    'spec.externalName: "https://h.example" isn\'t a host; write one such as api.example.org, in lower-case letters',
  ],
  [
    "two ports without names",
    service("{ports: [{port: 80}, {port: 443}]}"),
    "spec.ports[0]: name is missing, which each of several ports needs",
  ],
  [
    "two ports of one name",
    service("{ports: [{name: a, port: 80}, {name: a, port: 443}]}"),
    'spec.ports[1].name: another port has the name "a" too',
  ],
  [
    "two ports of one number",
    service("{ports: [{name: a, port: 80}, {name: b, port: 80}]}"),
    "spec.ports[1].port: another port is TCP 80 too",
  ],
  [
    "two protocols of one number",
    service("{ports: [{name: a, port: 53}, {name: b, port: 53, protocol: UDP}]}"),
    undefined,
  ],
  [
    "a port's name with a dot",
    service("{ports: [{name: a.b, port: 80}]}"),
    'spec.ports[0].name: "a.b" isn\'t a port\'s name; write lower-case letters, digits and "-"',
  ],
  [
    "a cluster IP that is none",
    service("{clusterIP: none, ports: [{port: 80}]}"),
    'spec.clusterIP: "none" is no address; write one, or None',
  ],
  ["Endpoints", endpoints("[{addresses: [{ip: 192.0.2.1}], ports: [{port: 443}]}]"), undefined],
  [
    "a host for an address",
    endpoints("[{addresses: [{ip: h.example}]}]"),
    'subsets[0].addresses[0].ip: "h.example" is no address; write one such as 192.0.2.1',
  ],
  [
    "an address of whoever connects",
    endpoints("[{addresses: [{ip: 127.0.0.1}]}]"),
    "subsets[0].addresses[0].ip: 127.0.0.1 is a loopback address, which can't be an endpoint",
  ],
  [
    "an address of the link",
    endpoints("[{addresses: [{ip: 169.254.169.254}]}]"),
    "subsets[0].addresses[0].ip: 169.254.169.254 is a link-local address, which can't be an endpoint",
  ],
  [
    "hosts for addresses",
    endpoints("[{addresses: [{hostname: h}]}]"),
    "subsets[0].addresses[0]: ip is missing",
  ],
  ["a slice", slice(`${IPV4} [{addresses: [192.0.2.1]}]\nports: [{port: 443}]`), undefined],
  [
    "a slice of hosts",
    slice("addressType: FQDN\nendpoints: [{addresses: [h.example]}]"),
    undefined,
  ],
  [
    "a slice without its type",
    slice("endpoints: [{addresses: [192.0.2.1]}]"),
    "addressType is missing",
  ],
  [
    "a slice of another type",
    slice('addressType: IPv6\nendpoints: [{addresses: ["192.0.2.1"]}]'),
    "endpoints[0].addresses[0]: \"192.0.2.1\" isn't of the slice's addressType IPv6",
  ],
  [
    "an endpoint without addresses",
    slice(`${IPV4} [{addresses: []}]`),
    "endpoints[0].addresses: expected 1 to 100 addresses, found 0",
  ],
  [
    "an address in place of a list",
    slice(`${IPV4} [{addresses: 192.0.2.1}]`),
    'endpoints[0].addresses: expected a list, found text; write ["192.0.2.1"]',
  ],
  ["a Pod", pod("{containers: [{name: a, image: a}]}"), undefined],
  [
    "a Pod whose network is misspelt",
    pod("{hostnetwork: true, containers: [{name: a, image: a}]}"),
    "spec.hostnetwork: there is no such field; write hostNetwork",
  ],
  ["a Pod without containers", pod("{hostNetwork: true}"), "spec: containers is missing"],
];
