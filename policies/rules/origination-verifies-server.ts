import {
  DEFAULT_FACTS,
  type KubeObject,
  trustsSystemAuthorities,
  items,
  texts,
} from "../../mesh/index.js";
import { isGiven, map, optionalText } from "../fields.js";
import { fullHost } from "../hosts.js";
import {
  type Circumstances,
  type Finding,
  type ObjectCheck,
  type PolicyRule,
  type StackCheck,
  framework,
  ISTIO_TLS_ORIGINATION,
} from "../rule.js";
import { type StackObject, fullName, refOf } from "../stack-object.js";
import { type TlsSettings, tlsSettings } from "../tls-settings.js";
import { entry, nameOf } from "../wording.js";

const checkObject: ObjectCheck = (seen, circumstances) =>
  originations(seen).flatMap((at) =>
    mistakesOf(at, circumstances).map((mistake) => finding(seen, at, mistake, circumstances)),
  );

const checkStack: StackCheck = ({ cluster: { objects } }, circumstances) => {
  const verified = hostsWithNames(objects);
  const throughGateways = hostsThroughGateways(objects);
  return objects.flatMap((seen) => {
    const host = fullHost(seen.object, circumstances.settings) ?? "";
    return originations(seen).flatMap((at) =>
      [
        ...(verified.has(host) ? [] : namesNobody(at)),
        ...(throughGateways.has(host) ? [] : isForGatewaysOnly(at, seen)),
      ].map((mistake) => finding(seen, at, mistake, circumstances)),
    );
  });
};

/** TLS that a proxy starts towards a server must be TLS, and with that server. */
export const originationVerifiesServer: PolicyRule = {
  metadata: {
    name: "egress-origination-verifies-server",
    displayName: "TLS origination verifies the server",
    description: "TLS that a proxy starts must really be started and must verify the server.",
    enforcementLevel: "mandatory",
    severity: "high",
    framework: framework("TLS origination"),
    tags: ["istio", "tls", "destination-rule", "certificates"],
    remediationSteps:
      "Give sni and subjectAltNames together, a client certificate or credentialName with MUTUAL, a " +
      "workloadSelector with credentialName, and never insecureSkipVerify.",
    url: ISTIO_TLS_ORIGINATION,
  },
  why: `A DestinationRule that says SIMPLE or MUTUAL looks safe and need not be. An sni of its own
switches the check of the server's name off unless subjectAltNames are given too, so any certificate
of a public authority passes. A sidecar ignores a credentialName in a rule without a workloadSelector
and sends plaintext, and so it does for MUTUAL without a certificate. Before Istio 1.21 a rule without
caCertificates verified nothing at all.`,
  example: {
    reported: `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: httpbin, namespace: default }
spec:
  host: httpbin.org
  trafficPolicy:
    tls: { mode: SIMPLE, sni: httpbin.org }
`,
    silent: `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: httpbin, namespace: default }
spec:
  host: httpbin.org
  trafficPolicy:
    tls: { mode: SIMPLE, sni: httpbin.org, subjectAltNames: [httpbin.org] }
`,
  },
  checkObject,
  checkStack,
};

function originations({ object }: StackObject): TlsSettings[] {
  return object.kind === "DestinationRule"
    ? tlsSettings(object).filter(({ mode }) => mode === "SIMPLE" || mode === "MUTUAL")
    : [];
}

/** What is wrong, and what to write instead. */
interface OriginationMistake {
  what: string;
  instead: string;
}

/** What the rule decides by itself. */
function mistakesOf({ mode, tls }: TlsSettings, { settings }: Circumstances): OriginationMistake[] {
  const mistakes: OriginationMistake[] = [];
  const isSigned = isGiven(tls.caCertificates) || isGiven(tls.credentialName);
  if (tls.insecureSkipVerify === true) {
    mistakes.push({
      what: "insecureSkipVerify accepts any certificate",
      instead: "subjectAltNames, and caCertificates if a private authority signs for the server",
    });
  } else if (!isSigned && !trustsSystemAuthorities({ ...DEFAULT_FACTS, ...settings.mesh })) {
    mistakes.push({
      what: `Istio ${settings.mesh.istioVersion} verifies nothing without caCertificates`,
      instead: "caCertificates: the authorities that sign for the server",
    });
  }
  const hasCertificate = isGiven(tls.clientCertificate) && isGiven(tls.privateKey);
  if (mode === "MUTUAL" && !hasCertificate && !isGiven(tls.credentialName)) {
    mistakes.push({
      what: "MUTUAL without a client certificate: Istio sends plaintext",
      instead: "clientCertificate and privateKey, or credentialName with a workloadSelector",
    });
  }
  return mistakes;
}

/**
 * An sni of the rule's own switches the automatic check of the server's name off. With an authority
 * of its own the rule still trusts only whom that authority signs for.
 */
function namesNobody({ tls }: TlsSettings): OriginationMistake[] {
  const hasOwnAuthority = isGiven(tls.caCertificates) || isGiven(tls.credentialName);
  if (!isGiven(tls.sni) || isGiven(tls.subjectAltNames) || hasOwnAuthority) return [];
  if (tls.insecureSkipVerify === true) return [];
  const name = optionalText(tls.sni);
  return [
    {
      what: "sni without subjectAltNames: a certificate for any name passes",
      instead: `subjectAltNames: [${name ?? "the server's name"}]`,
    },
  ];
}

/** Sidecars take a credentialName only from a rule that selects them; gateways take any. */
function isForGatewaysOnly({ tls }: TlsSettings, { object }: StackObject): OriginationMistake[] {
  const credential = optionalText(tls.credentialName);
  if (credential === undefined || credential === "" || credential.startsWith("configmap://")) {
    return [];
  }
  if (map(object.spec).workloadSelector !== undefined) return [];
  return [
    {
      what: "credentialName without a workloadSelector: sidecars ignore it and send plaintext",
      instead: "workloadSelector with the labels of the workloads that call the host",
    },
  ];
}

/** Hosts whose ServiceEntry says which names to accept. */
function hostsWithNames(objects: readonly StackObject[]): Set<string> {
  return new Set(
    objects
      .filter(({ object }) => object.kind === "ServiceEntry")
      .map(({ object }) => map(object.spec))
      .filter(({ subjectAltNames }) => isGiven(subjectAltNames))
      .flatMap(({ hosts }) => texts(hosts)),
  );
}

/** Hosts that a VirtualService or a route of the Gateway API reaches through a gateway. */
function hostsThroughGateways(objects: readonly StackObject[]): Set<string> {
  return new Set(objects.flatMap(({ object }) => throughGateway(object)));
}

function throughGateway({ kind, spec }: KubeObject): string[] {
  if (kind === "VirtualService") {
    const { gateways, hosts } = map(spec);
    return texts(gateways).some((gateway) => gateway !== "mesh") ? texts(hosts) : [];
  }
  if (!["HTTPRoute", "TLSRoute", "TCPRoute"].includes(kind)) return [];
  const { parentRefs, rules } = map(spec);
  const isAtGateway = items(parentRefs).some(
    (parent) => (map(parent).kind ?? "Gateway") === "Gateway",
  );
  if (!isAtGateway) return [];
  return items(rules)
    .flatMap((rule) => items(map(rule).backendRefs))
    .flatMap((backend) => optionalText(map(backend).name) ?? []);
}

function finding(
  seen: StackObject,
  { path }: TlsSettings,
  { what, instead }: OriginationMistake,
  { settings }: Circumstances,
): Finding {
  const host = fullHost(seen.object, settings);
  return {
    message: [
      entry(nameOf(seen), what),
      ...(host ? [entry("host", host)] : []),
      entry("at", path),
      entry("instead", instead),
    ].join("\n"),
    urn: seen.urn,
    about: { rule: fullName(refOf(seen)), ...(host ? { host } : {}) },
  };
}
