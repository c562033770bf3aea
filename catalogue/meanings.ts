import { FACTS } from "../mesh/index.js";

/** What each key of a catalogue means, for the reference in docs/catalogue.md and for the plugin's schema. */
export const MEANINGS: Readonly<Record<string, string>> = {
  mesh: "What is known of the mesh, as istiod is configured.",
  ...Object.fromEntries(
    Object.entries(FACTS).map(([name, { meaning }]) => [`mesh.${name}`, meaning]),
  ),
  clients: "Workloads that call the aliases, one per namespace. `[]` declares none.",
  "clients[].namespace": "Namespace of the workload.",
  "clients[].injected": "Whether its Pods get Istio's sidecar. Give this or `dataplane`.",
  "clients[].dataplane":
    "How it takes part in the mesh: `sidecar`, `ambient` (its node's ztunnel takes its calls, which follows no DestinationRule) or `none`. What `injected` says by default.",
  "clients[].name": "Name of the workload.",
  "clients[].image": "Its image, with curl in it. The sleep sample's by default.",
  "clients[].createNamespace":
    "Whether the stack creates the namespace and removes it. Otherwise it only labels the namespace. True by default, except for `default`.",
  "clients[].optOutLabel":
    "Whether a namespace that the stack creates for a client without sidecar is labelled `istio-injection: disabled`. True by default.",
  aliases: "In-cluster names for services outside. `[]` declares none.",
  "aliases[].name": "Name of the Service, and with it the first label of the alias.",
  "aliases[].namespace": "Namespace of the Service and of its rules.",
  "aliases[].externalName": "The DNS name that the alias stands for. Give this or `addresses`.",
  "aliases[].addresses":
    "The IP addresses that the alias stands for. Give these or `externalName`.",
  "aliases[].resolves":
    "The DNS name that the addresses are of. `istio-egress drift` compares the two. See [drift](drift.md).",
  "aliases[].ports": "The ports that clients call.",
  "aliases[].ports[].name":
    "`<protocol>` or `<protocol>-<suffix>`. Istio reads the protocol from it: `http`, `http2`, `https`, `tls`, `tcp`, `grpc`, `grpc-web`, `mongo`, `redis`, `mysql` or `udp`.",
  "aliases[].ports[].port": "The port that clients call, from 1 to 65535.",
  "aliases[].ports[].targetPort":
    "The port that the service outside listens on, if it is another one: 443 for plain HTTP on 80 that the sidecar encrypts.",
  "aliases[].ports[].protocol":
    "The transport. `UDP` by default if the port's name says so, otherwise `TCP`.",
  "aliases[].tls": "How TLS is meant to work.",
  "aliases[].tls.mode":
    "`DISABLE`: sent as the workload sends it. `SIMPLE`: the sidecar encrypts and checks the server. `MUTUAL`: it also presents a client certificate.",
  "aliases[].tls.sni":
    "Server name in the TLS handshake, and the `Host` header of plain HTTP that the sidecar encrypts. `externalName` by default.",
  "aliases[].tls.subjectAltNames":
    "Names of which the server's certificate must carry one. `[sni]` by default.",
  "aliases[].tls.caCertificates":
    "Path in the sidecar of the certificates to trust. The system's by default, which needs Istio 1.21 or newer.",
  "aliases[].tls.credentialName":
    "Secret in the clients' namespace that holds the certificates, instead of files. Needs `workloadSelector`.",
  "aliases[].tls.workloadSelector":
    "Labels of the clients that read the Secret. No other client follows the rule.",
  "aliases[].tls.clientCertificate": "Path in the sidecar of the client certificate, for `MUTUAL`.",
  "aliases[].tls.privateKey": "Path in the sidecar of its key, for `MUTUAL`.",
  "aliases[].endpointsApi":
    "The API that carries the addresses. `Endpoints` by default; it is deprecated from Kubernetes 1.33.",
  "aliases[].location":
    "Where the server runs. `outside` by default. See [the move](traffic-move.md).",
  "aliases[].inside": "What serves the alias while its location is `inside`.",
  "aliases[].inside.service": "The Service that serves an alias of a name.",
  "aliases[].inside.namespace": "Namespace of that Service. The alias's by default.",
  "aliases[].inside.selector": "Labels of the Pods that serve an alias of addresses.",
  "aliases[].inside.targetPorts":
    "Ports that those Pods listen on, by the alias's port name. The alias's own ports by default.",
  "aliases[].exportTo":
    "Namespaces whose clients follow the rules: names, `.` for the alias's own, or `*` alone. Every namespace by default.",
  "aliases[].request":
    "The URL that `requests` in the stack's outputs calls. The alias itself by default, on its first http port.",
  "aliases[].answer":
    "A text in the response to it, which `verify --traffic` looks for. Any response but an error by default.",
  files:
    "Files with more clients and aliases: paths or globs relative to the folder of Pulumi.yaml. See [In files](#in-files).",
  guard:
    "Whether the API server itself refuses rules that would break an alias: `true`, or an object. `false` by default. See [the guard](guard.md).",
  "guard.name": "Name of the guard's objects. Two stacks that guard one cluster need two names.",
  "guard.validationActions": "What happens to an object that breaks an alias, as in Kubernetes.",
  "guard.exemptNamespaces":
    "Labels, each of which exempts the namespaces that have it. `istio-egress/guard: exempt` by default.",
  "guard.waivers": "Violations that are accepted until a day.",
  "guard.waivers[].alias": "The alias's Service, as `<namespace>/<name>`.",
  "guard.waivers[].rule": "The DestinationRule, as `<namespace>/<name>`.",
  "guard.waivers[].host": "A host in full, or `*.suffix`.",
  "guard.waivers[].who": "Who is responsible for it.",
  "guard.waivers[].why": "The reason.",
  "guard.waivers[].until": "The last day on which it holds (UTC), such as `2026-12-31`.",
};
