import {
  type Client,
  type Unmodelled,
  type Verdict,
  explain,
  unmodelled,
  witnessWords,
  groupBy,
} from "../../mesh/index.js";
import type { Judgement } from "../judgement.js";
import {
  type Circumstances,
  type Finding,
  type PolicyRule,
  framework,
  ISTIO_TASK,
} from "../rule.js";
import { wikipedia } from "../rule-example.js";
import { rangeOf } from "../special-addresses.js";
import { addressesOf } from "../endpoint-addresses.js";
import { serviceHost } from "../hosts.js";
import { fullName, serviceOf } from "../stack-object.js";
import { covers } from "../waivers.js";
import type { Unseen } from "../unseen.js";
import { perhapsOneObject } from "./one-object-one-resource.js";
import { describeClients, entry, named, nameOf, shortened } from "../wording.js";

const NAME = "egress-undecided-tls";

/** What couldn't be judged in this preview is said, and why. */
export const undecidedTls: PolicyRule = {
  metadata: {
    name: NAME,
    displayName: "TLS towards external aliases is decided",
    description: "Whether Istio's mutual TLS reaches an external alias couldn't be judged.",
    enforcementLevel: "advisory",
    severity: "medium",
    framework: framework("TLS settings for external services"),
    tags: ["istio", "tls", "preview"],
    remediationSteps:
      "Write the value that the message names as text instead of an output of a resource that is yet " +
      "to be created; or give rules for one host an order that doesn't depend on their creation.",
    url: ISTIO_TASK,
  },
  why: `A preview doesn't know every value, and some answers depend on one that it doesn't know. Such
an answer must not pass as if all were well, and must not hide what is known. It is listed here with
the value to blame; where that isn't enough, raise this rule's level to mandatory. The same holds for
an alias whose Endpoints are in the stack and whose Service isn't; for what no policy can see: the
objects in a Helm release, those of a collection whose content isn't known yet, what a command or a
dynamic provider does ([all of them](README.md#what-it-cant-see); a waiver may name one by \`resource\`);
and for what isn't modelled: EnvoyFilters that patch clusters, and routes of the Gateway
API that bring services to clients in spite of a Sidecar.`,
  example: {
    reported: `${wikipedia("tls")}apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: pool, namespace: default }
spec:
  host: my-wikipedia.default.svc.cluster.local
  trafficPolicy:
    connectionPool: { tcp: { maxConnections: 10 } }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: tls, namespace: default }
spec:
  host: my-wikipedia.default.svc.cluster.local
  trafficPolicy:
    tls: { mode: ISTIO_MUTUAL } # only if this one is created first
`,
    silent: `${wikipedia("tls")}apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: my-wikipedia, namespace: default }
spec:
  host: my-wikipedia.default.svc.cluster.local
  trafficPolicy:
    connectionPool: { tcp: { maxConnections: 10 } }
    tls: { mode: DISABLE }
`,
  },
  checkStack: (judgement, circumstances) => [
    ...groupBy(
      judgement.verdicts.filter(
        (verdict) => verdict.verdict === "undecided" && !isWaivedAlias(verdict, circumstances),
      ),
      ({ unknowns, reason }) => JSON.stringify([unknowns, reason]),
    ).map((sameCause) => undecided(sameCause, judgement)),
    ...orphans(judgement, circumstances),
    ...groupBy(
      judgement.cluster.unseen.filter(
        ({ name }) => !circumstances.isWaived({ policy: NAME, resource: name }),
      ),
      ({ what }) => what,
    ).map((same) => unseen(same)),
    ...perhapsOneObject(judgement),
    ...unmodelledIn(judgement).map((one) => leftOut(one, judgement)),
  ],
};

/** Computed for each alias, since one finding may be about many. */
function isWaivedAlias({ alias, host }: Verdict, { isWaived }: Circumstances): boolean {
  return isWaived({ policy: NAME, alias: fullName(alias), host });
}

/** More unknown values than these are counted. */
const MOST_VALUES = 4;

function undecided(verdicts: readonly Verdict[], { clients, urnOf }: Judgement): Finding {
  const [first] = verdicts as [Verdict];
  const { unknowns = [], reason } = first;
  const values = unknowns.map(({ object, path }) => `${path} of ${named(object)}`);
  const aliases = [...new Set(verdicts.map(({ alias }) => fullName(alias)))];
  const judged = new Map<number, Client>(verdicts.map((v) => [v.clientIndex, v.client]));
  const { fix } = explain(first);
  // Values that something else has may be secret there; ages aren't.
  const example = unknowns.length === 0 ? witnessWords(first) : "";
  const urn = unknowns.map(({ object }) => urnOf(object)).find((found) => found !== undefined);
  return {
    message: [
      entry(aliases.length === 1 ? "alias" : "aliases", shortened(aliases)),
      ...(values.length > 0 ? [entry("not known", shortened(values, MOST_VALUES))] : []),
      ...(reason ? [entry("because", reason)] : []),
      ...(example ? [entry("that is", example)] : []),
      entry("clients", describeClients([...judged.values()], clients)),
      ...(fix ? [entry("instead", fix)] : []),
    ].join("\n"),
    ...(urn ? { urn } : {}),
  };
}

function unseen(same: readonly Unseen[]): Finding {
  const [{ urn, what }] = same as [Unseen];
  const names = same.map(({ name }) => name);
  return { message: [entry("not seen", shortened(names)), entry("because", what)].join("\n"), urn };
}

/**
 * Endpoints in this stack whose Service is in another one: an alias of which only the addresses are
 * known. Where the settings name its host it is judged by that.
 */
function orphans({ cluster, urnOf }: Judgement, { settings }: Circumstances): Finding[] {
  return cluster.objects.flatMap((seen) => {
    const service = serviceOf(seen);
    if (!service?.name || !service.namespace || urnOf(service)) return [];
    const host = serviceHost(service, settings);
    const isOutside = addressesOf(seen).some(
      ({ ip, pod }) => !pod && (ip === undefined || !rangeOf(ip, settings.clusterCidrs)),
    );
    const isNamed = settings.externalHosts.some((one) => one === host || covers(one, host));
    if (!isOutside || isNamed) return [];
    const message = [
      entry("alias", fullName(service)),
      entry("because", `${nameOf(seen)} is in this stack, and its Service isn't`),
      entry("instead", `declare the Service here, or name ${host} in the setting externalHosts`),
    ].join("\n");
    return [{ message, urn: seen.urn, about: { alias: fullName(service), host } }];
  });
}

/** What isn't modelled matters where there is something to judge. */
function unmodelledIn({ cluster, verdicts }: Judgement): Unmodelled[] {
  return verdicts.length === 0 ? [] : unmodelled(cluster.objects.map(({ object }) => object));
}

function leftOut({ object, why }: Unmodelled, { urnOf }: Judgement): Finding {
  const urn = urnOf(object);
  return {
    message: [entry("not modelled", named(object)), entry("because", why)].join("\n"),
    ...(urn ? { urn } : {}),
  };
}
