import { at, isPlain, items, text, wholeNumber, type Plain } from "../input/plain.js";
import type { ObjectRef } from "../input/kube-object.js";

/** The modes of `ClientTLSSettings`; a `tls` block without one means DISABLE. */
export type TlsMode = "DISABLE" | "SIMPLE" | "MUTUAL" | "ISTIO_MUTUAL";

/** One `tls` block, as far as it decides what is sent. */
export interface Tls {
  mode: TlsMode;
  /** A credential that only gateways and rules with a workloadSelector may read. */
  credential?: "secret" | "config-map";
  /** MUTUAL has what it needs: a credential, or a client certificate and its key. */
  hasCertificates: boolean;
  sni?: string;
}

/** What one level of a traffic policy says about TLS and about how endpoints are found. */
export interface Settings {
  tls?: Tls;
  /** Absent: no `loadBalancer` block. */
  loadBalancer?: { passthrough: boolean };
}

/** The rule that something was written in, and that rule's host. */
export interface Origin {
  ref: ObjectRef;
  host: string;
}

/** A `trafficPolicy`, top-level or of a subset, and where it was written. */
export interface TrafficPolicy extends Settings {
  origin: Origin;
  ports: readonly (Settings & { number: number | undefined })[];
  /** What it was put together from, where one policy fills in what another leaves open. */
  parts?: readonly TrafficPolicy[];
}

/** A subset: its clusters exist as soon as it is declared. */
export interface Subset {
  name: string;
  labels: Readonly<Record<string, string>>;
  policy?: TrafficPolicy;
}

/** Where in a DestinationRule the deciding `tls` stands. */
export type RuleLevel = "top" | "port" | "subset" | "subset-port";

/** The settings that hold for one port and subset, and where the deciding `tls` stands. */
export interface ResolvedSettings extends Settings {
  origin?: Origin;
  level?: RuleLevel;
}

const MODES: readonly string[] = ["DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"];

function readTls(raw: Plain): Tls {
  const mode = text(raw.mode);
  const credential = text(raw.credentialName);
  return {
    mode: MODES.includes(mode) ? (mode as TlsMode) : "DISABLE",
    ...(credential !== "" && {
      credential: credential.startsWith("configmap://") ? "config-map" : "secret",
    }),
    hasCertificates:
      credential !== "" || (text(raw.clientCertificate) !== "" && text(raw.privateKey) !== ""),
    ...(text(raw.sni) !== "" && { sni: text(raw.sni) }),
  };
}

function readSettings(raw: Plain): Settings {
  const settings: Settings = {};
  if (isPlain(raw.tls)) settings.tls = readTls(raw.tls);
  if (isPlain(raw.loadBalancer)) {
    settings.loadBalancer = { passthrough: raw.loadBalancer.simple === "PASSTHROUGH" };
  }
  return settings;
}

/** Reads a `trafficPolicy` block; absent stays absent, an empty block is a policy. */
export function readTrafficPolicy(raw: unknown, origin: Origin): TrafficPolicy | undefined {
  if (!isPlain(raw)) return undefined;
  const ports = items(raw.portLevelSettings)
    .filter(isPlain)
    .map((port) => ({ ...readSettings(port), number: wholeNumber(at(port, "port", "number")) }));
  return { ...readSettings(raw), origin, ports };
}

/** A policy, with what it leaves open taken from another one (`mergeBackendPolicyTrafficPolicy`). */
export function mergeTrafficPolicies(
  policy: TrafficPolicy | undefined,
  other: TrafficPolicy | undefined,
): TrafficPolicy | undefined {
  if (!policy || !other) return policy ?? other;
  const ports = policy.ports.map((port) => {
    const same = other.ports.find(({ number }) => number === port.number);
    return { ...same, ...port };
  });
  const numbers = new Set(ports.map(({ number }) => number));
  return {
    tls: policy.tls ?? other.tls,
    loadBalancer: policy.loadBalancer ?? other.loadBalancer,
    origin: policy.tls || !other.tls ? policy.origin : other.origin,
    ports: [...ports, ...other.ports.filter(({ number }) => !numbers.has(number))],
    parts: [policy, other].flatMap((one) => one.parts ?? [one]),
  };
}

/**
 * The part of a policy that holds for a port: the first port level setting of that number as a
 * whole (what it leaves out is unset, not inherited), else the policy itself.
 * Mirrors `GetPortLevelTrafficPolicy` in pilot/pkg/networking/util.
 */
function settingsForPort(
  policy: TrafficPolicy,
  port: number,
  levels: [RuleLevel, RuleLevel],
): ResolvedSettings {
  const own = policy.ports.find((entry) => entry.number === port);
  const chosen: Settings = own ?? policy;
  return {
    tls: chosen.tls,
    loadBalancer: chosen.loadBalancer,
    origin: policy.origin,
    level: own ? levels[1] : levels[0],
  };
}

/**
 * What holds for one port and subset.
 * Mirrors `MergeSubsetTrafficPolicy`: a subset's port level setting replaces everything, its own
 * policy only what it sets.
 */
export function resolvePolicy(
  policy: TrafficPolicy | undefined,
  subset: Subset | undefined,
  port: number,
): ResolvedSettings {
  const base = policy && settingsForPort(policy, port, ["top", "port"]);
  if (!subset?.policy) return base ?? {};
  const own = settingsForPort(subset.policy, port, ["subset", "subset-port"]);
  if (!base || own.level === "subset-port") return own;
  const decides = own.tls ? own : base;
  return {
    tls: decides.tls,
    loadBalancer: own.loadBalancer ?? base.loadBalancer,
    origin: decides.origin,
    level: decides.level,
  };
}
