import { terminalOf } from "../registry/external-names.js";
import { NO_NAME } from "../verdicts/alias.js";
import { rulesFollowedTowards } from "../findings/followed-rules.js";
import { at, isPlain, labelsOf, type Labels, type Plain } from "../input/plain.js";
import { readMesh, type Mesh } from "../mesh.js";
import type { KubeObject, ObjectRef } from "../input/kube-object.js";
import type { Service, ServicePort } from "../registry/service.js";
import { importedService } from "../scope/imported-service.js";
import type { Verdict } from "../verdicts/verdict.js";
import { entryObject, objectName, ruleObject } from "./advice-objects.js";
import type { Advice, RuleAdvice } from "./advised.js";
import { adviseSpec } from "./rule-spec.js";
import { isRemedy } from "./trial.js";

/**
 * What removes a violation. In a mesh that is known it is tried out: it puts the violation right and
 * takes no encryption that is right away from anybody, or there is no remedy in it.
 *
 * @param judged what was judged; without it names may be taken, the target may be known already, and
 *   its ports' protocols are guessed from their numbers
 */
export function adviceOn(verdict: Verdict, judged?: Mesh): Advice {
  const mesh = judged && ofRevision(verdict, judged);
  const advice = adviceFor(verdict, mesh);
  if (!mesh) return { ...advice, remedy: "DISABLE" };
  const key = classOf(verdict, advice, mesh);
  const known = tried.get(mesh) ?? new Map<string, Advice>();
  tried.set(mesh, known);
  const remedied = known.get(key) ?? withRemedy(verdict, advice, mesh);
  known.set(key, remedied);
  return remedied;
}

const tried = new WeakMap<Mesh, Map<string, Advice>>();

/** What violations have in common that one advice puts right: all but clients that nothing distinguishes. */
function classOf(verdict: Verdict, advice: Advice, mesh: Mesh): string {
  const { alias, host, port, subset, kind, rule, client } = verdict;
  const isForAll =
    rule !== undefined &&
    rule.namespace !== client.namespace &&
    (advice.rule.exportTo ?? []).length === 0;
  const given = importedService(mesh, mesh.sidecarScopeOf(client), host)?.ref;
  const { labels, gateway, namespace } = client;
  const who = [given, labels, gateway, isForAll ? "" : namespace];
  return JSON.stringify([alias, host, port, subset, kind, rule, who]);
}

/** The advice with the first remedy that works, if one does. */
function withRemedy(verdict: Verdict, advice: Advice, mesh: Mesh): Advice {
  const { target, ...alone } = advice;
  const from = fromSpec(verdict, advice.rule, mesh);
  for (const remedy of ["DISABLE", "AUTO"] as const) {
    for (const spec of advice.rule.isChange ? [from] : [from, undefined]) {
      for (const one of target ? [advice, alone] : [advice]) {
        const advised = adviseSpec(one.rule, spec, remedy);
        if (!advised) continue;
        const whole = { ...one, remedy, rule: { ...one.rule, advised } };
        if (isRemedy(mesh, verdict, changeOf(whole))) return whole;
      }
    }
  }
  return advice;
}

/** What another revision of the control plane reads, where the verdict is about that. */
function ofRevision({ revision }: Verdict, mesh: Mesh): Mesh {
  if (revision === undefined) return mesh;
  return readMesh(mesh.objects as readonly KubeObject[], { ...mesh.facts, revision });
}

/** The spec of the rule that is to be changed, or of the one that is to be hidden. */
function fromSpec({ rule: followed }: Verdict, rule: RuleAdvice, mesh: Mesh): Plain | undefined {
  const ref = rule.isChange ? rule : followed;
  const spec = mesh.rules.find((one) => ref && isSame(one.ref, ref))?.object.spec;
  return isPlain(spec) ? spec : undefined;
}

function isSame(a: Pick<ObjectRef, "name" | "namespace">, b: typeof a): boolean {
  return a.namespace === b.namespace && a.name === b.name;
}

function changeOf({ rule, target }: Advice) {
  return {
    rules: [rule, ...(target?.rule ? [target.rule] : [])].map((one) => ruleObject(one)),
    entries: target?.entry ? [entryObject(target.entry)] : [],
  };
}

/** The place to write something against a violation, and for an ExternalName what else. */
function adviceFor(verdict: Verdict, mesh?: Mesh): Advice {
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
  return why === "external-name" && kind === "declared" && isHostOf(alias, host);
}

function isHostOf({ name, namespace }: ObjectRef, host: string): boolean {
  return host.startsWith(`${name}.${namespace}.`);
}

/** How many hosts a ServiceEntry has. */
function hostsOf(alias: ObjectRef, mesh: Mesh | undefined): number {
  const isAlias = ({ ref }: Service) => ref.kind === alias.kind && isSame(ref, alias);
  return mesh?.services.filter(isAlias).length ?? 1;
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
    const labels = labelsOfRule(followed.ref, mesh);
    return { name, namespace, host, isChange: true, level: place, port, subset, labels };
  }
  // An exact host comes before a wildcard in the same namespace, and the Service's before the root's.
  const isClients = followed?.ref.namespace === client.namespace;
  const beside = towards?.service.ref.namespace ?? (alias.namespace || followed?.ref.namespace);
  const namespace = isClients ? client.namespace : (beside ?? "default");
  // Each host of an alias gets a rule of its own, so each rule a name of its own.
  const isOnlyHost = alias.kind === "Service" ? isHostOf(alias, host) : hostsOf(alias, mesh) <= 1;
  // What is private to the root namespace is looked at before all else, so the exception is as well.
  const exportTo = isClients ? exportToOf(followed.ref, mesh) : [];
  const own = isOnlyHost ? alias.name : host;
  if (exportTo.length === 0) return newRule(freeName(own, namespace, mesh), namespace, host);
  // Rules for different namespaces stand beside each other.
  const readers = exportTo.map((one) => (one === "." ? namespace : one)).join("-");
  const name = freeName(`${own}-for-${readers}`, namespace, mesh);
  return { ...newRule(name, namespace, host), exportTo };
}

function labelsOfRule(ref: ObjectRef, mesh: Mesh | undefined): Labels {
  const rule = mesh?.rules.find((one) => isSame(one.ref, ref));
  return labelsOf(at(rule?.object.metadata, "labels"));
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
