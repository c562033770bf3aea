import { terminalOf } from "../registry/external-names.js";
import { NO_NAME } from "../verdicts/alias.js";
import { rulesFollowedTowards } from "../findings/followed-rules.js";
import type { Mesh } from "../mesh.js";
import type { ObjectRef } from "../input/kube-object.js";
import type { Service, ServicePort } from "../registry/service.js";
import type { RuleLevel } from "../rules/traffic-policy.js";
import type { Verdict } from "../verdicts/verdict.js";

/** What to write against a violation, before it is YAML. */
export interface Advice {
  /** The rule to change or to add for the host that the violation is about. */
  rule: RuleAdvice;
  /** An ExternalName's target, whose rule is what calls follow. */
  target?: { host: string; entry?: EntryAdvice; rule?: RuleAdvice };
}

export interface RuleAdvice {
  name: string;
  namespace: string;
  host: string;
  /** An existing rule is changed where it says the wrong thing; a new one speaks for the whole host. */
  isChange: boolean;
  /** What an existing rule says wrong, and for which port and subset. */
  level: RuleLevel;
  port: number;
  subset: string;
  /** Who sees a new rule. @default everyone */
  exportTo?: readonly string[];
}

export interface EntryAdvice {
  namespace: string;
  host: string;
  ports: readonly ServicePort[];
}

/**
 * What removes a violation.
 *
 * @param mesh what was judged; without it names may be taken, the target may be known already, and
 *   its ports' protocols are guessed from their numbers
 */
export function adviceOn(verdict: Verdict, mesh?: Mesh): Advice {
  const rule = ruleFor(verdict, mesh);
  if (!isOnlyAliased(verdict)) return { rule };
  const service = mesh && serviceOf(verdict, mesh);
  const host = service ? terminalOf(mesh, service) : verdict.target;
  if (host === undefined || host === NO_NAME || isAddress(host)) return { rule };
  const { namespace } = rule;
  const known = mesh !== undefined && mesh.registry.of(host).length > 0;
  const ruled = mesh?.rules.some(
    (other) => other.host === host && other.ref.namespace === namespace,
  );
  const target: Advice["target"] = { host };
  if (!known) {
    target.entry = { namespace: verdict.alias.namespace, host, ports: portsOf(verdict, service) };
  }
  if (!ruled) {
    const { exportTo } = rule;
    const advice = newRule(freeName(host, namespace, mesh), namespace, host);
    target.rule = exportTo ? { ...advice, exportTo } : advice;
  }
  return { rule, target };
}

/** The alias has no cluster, so only its target's rules can do anything. */
export function isOnlyAliased({ why, kind, host, alias }: Verdict): boolean {
  const isOwnHost = host.startsWith(`${alias.name}.${alias.namespace}.`);
  return why === "external-name" && kind === "declared" && isOwnHost;
}

/** The rule that is followed, if it is for this host alone; else one that is looked at first. */
function ruleFor(verdict: Verdict, mesh: Mesh | undefined): RuleAdvice {
  const { host, port, subset, level, rule, ruleHost = host, alias, client } = verdict;
  const [towards] = mesh ? rulesFollowedTowards(mesh, host, [client]) : [];
  const { policy, rules } = towards?.consolidated ?? {};
  // Where no rule speaks of TLS, the one that is followed leaves it out.
  const followed = rule ? { ref: rule, host: ruleHost } : (policy?.origin ?? rules?.[0]);
  if (followed?.host === host) {
    const { name, namespace } = followed.ref;
    const silent = subset === "" ? "port" : "subset-port";
    const place = level ?? (rule ? "top" : silent);
    return { name, namespace, host, isChange: true, level: place, port, subset };
  }
  // An exact host comes before a wildcard in the same namespace, and the Service's before the root's.
  const isClients = followed?.ref.namespace === client.namespace;
  const beside = towards?.service.ref.namespace ?? (alias.namespace || followed?.ref.namespace);
  const namespace = isClients ? client.namespace : (beside ?? "default");
  const advice = newRule(freeName(alias.name, namespace, mesh), namespace, host);
  // What is private to the root namespace is looked at before all else, so the exception is as well.
  const exportTo = isClients ? exportToOf(followed.ref, mesh) : [];
  return exportTo.length > 0 ? { ...advice, exportTo } : advice;
}

function exportToOf({ namespace, name }: ObjectRef, mesh: Mesh | undefined): readonly string[] {
  const rule = mesh?.rules.find(({ ref }) => ref.namespace === namespace && ref.name === name);
  return rule?.exportTo ?? [];
}

function newRule(name: string, namespace: string, host: string): RuleAdvice {
  return { name, namespace, host, isChange: false, level: "top", port: 0, subset: "" };
}

/** A name that no other rule of the namespace has. */
function freeName(wanted: string, namespace: string, mesh: Mesh | undefined): string {
  let name = objectName(wanted);
  const isTaken = () =>
    mesh?.rules.some(({ ref }) => ref.namespace === namespace && ref.name === name);
  while (isTaken()) name += "-egress";
  return name;
}

/** A host as an object's name; a trailing dot and a star aren't allowed there. */
export function objectName(host: string): string {
  const name = host.toLowerCase().replace(/[^a-z0-9.-]+/g, "-");
  return name.replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, "") || "egress";
}

/** The Service that the host of an ExternalName belongs to. */
function serviceOf({ host }: Verdict, mesh: Mesh): Service | undefined {
  return mesh.registry.of(host).find(({ fromKubernetes }) => fromKubernetes);
}

/** A ServiceEntry's hosts are names. */
function isAddress(host: string): boolean {
  return host.includes(":") || /^[\d.]+$/.test(host);
}

/** What a ServiceEntry's `protocol` may be, in lower case. */
const PROTOCOLS = ["http", "https", "http2", "grpc", "grpc-web", "mongo", "redis", "mysql", "tls"];
const BY_NUMBER: Readonly<Record<number, string>> = { 80: "http", 443: "tls" };

/** The alias's ports as a ServiceEntry can have them: each named once, and after its protocol. */
function portsOf({ port }: Verdict, service: Service | undefined): ServicePort[] {
  const carried = (service?.ports ?? []).filter(({ protocol }) => protocol !== "udp");
  const ports = carried.length > 0 ? carried : [{ number: port || 443, name: "", protocol: "" }];
  const numbers = [...new Set(ports.map(({ number }) => number))];
  return numbers.map((number) => {
    const { name, protocol } = ports.find((one) => one.number === number)!;
    const spoken = PROTOCOLS.includes(protocol) ? protocol : (BY_NUMBER[number] ?? "tcp");
    const isUsable =
      (name === spoken || name.startsWith(`${spoken}-`)) &&
      ports.every((other) => other.name !== name || other.number === number);
    return { number, name: isUsable ? name : `${spoken}-${number}`, protocol: spoken };
  });
}
