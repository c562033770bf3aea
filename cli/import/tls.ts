/** What the sidecars of an alias's clients do today, in the words of a catalogue. */
import { istioEncrypts } from "../../catalogue/ports.js";
import {
  type Client,
  explain,
  isPlain,
  type Mesh,
  type ObjectRef,
  type Plain,
  text,
  type Verdict,
  namedText,
  refText,
  tlsBlock,
} from "../../mesh/index.js";
import { clientText } from "../judgement.js";
import { Unsayable, type WrittenPort, type WrittenTls } from "./written.js";

/** The keys of a `tls` block that a catalogue has, too. */
const KEYS = [
  "mode",
  "sni",
  "subjectAltNames",
  "caCertificates",
  "clientCertificate",
  "privateKey",
  "credentialName",
];

/** What an alias's TLS is taken from. */
export interface TlsSource {
  mesh: Mesh;
  /** The alias's Service. */
  alias: ObjectRef;
  /** The verdicts about the alias. */
  verdicts: readonly Verdict[];
  ports: readonly WrittenPort[];
  externalName?: string;
  /** Whether Istio's own mutual TLS is taken for the mistake that it is. */
  fix: boolean;
  /** Takes what is put right: a sentence. */
  fixed: (text: string) => void;
}

/**
 * The TLS intent that says what the model says of an alias's clients today. Whether it says so for
 * all of them, the comparison of what `up` would change shows.
 *
 * @throws Unsayable where a catalogue has no words for it
 */
export function tlsToday(source: TlsSource): WrittenTls {
  const { verdicts, fix, mesh, ports } = source;
  const undecided = verdicts.find(({ verdict }) => verdict === "undecided");
  if (undecided)
    throw new Unsayable(`isn't known to get any one TLS: ${explain(undecided, mesh).summary}`);
  const wrong = verdicts.find(({ verdict }) => verdict === "violation");
  if (wrong && !fix) throw istioMutual(wrong);
  if (wrong)
    source.fixed(`${namedText(source.alias)}: DISABLE, where ${istioMutual(wrong).message}.`);

  const chosen = chosenClient(source);
  const blocks = ports.map((port) => blockOn(port, chosen, mesh));
  const encrypting = ports.filter((_, i) => blocks[i] !== undefined);
  const [first] = blocks.filter((block) => block !== undefined);
  if (first === undefined) return { mode: "DISABLE" };

  const texts = new Set(
    blocks.filter((block) => block !== undefined).map((b) => JSON.stringify(b)),
  );
  const all = ports.filter(({ name }) => istioEncrypts(text(name)));
  const isWhole =
    all.length === encrypting.length && all.every((port) => encrypting.includes(port));
  if (!isWhole || texts.size > 1) {
    throw new Unsayable(
      "has ports with TLS of their own, and a catalogue has one tls for all ports on which the " +
        "workload doesn't encrypt itself",
    );
  }
  return writtenTls(first, source);
}

/** A rule that sends Istio's mutual TLS outside: a fault that nobody wants to have declared. */
export function istioMutual({ rule, client }: Verdict): Unsayable {
  const by = rule ? `DestinationRule ${refText(rule)} says` : "its clients get";
  return new Unsayable(
    `${by} ISTIO_MUTUAL for clients in ${clientText(client)}, which no server outside can speak`,
    true,
  );
}

/** The client that is the likeliest to follow the alias's own rule: what it gets is what is meant. */
function chosenClient({ alias, verdicts }: TlsSource): Verdict[] {
  const byClient = new Map<number, Verdict[]>();
  for (const verdict of verdicts.filter(({ subset }) => subset === "")) {
    byClient.set(verdict.clientIndex, [...(byClient.get(verdict.clientIndex) ?? []), verdict]);
  }
  const rank = (own: readonly Verdict[]) => {
    const [{ client }] = own as [Verdict];
    const follows = own.some(
      ({ rule, tls }) => tls !== undefined && rule?.namespace === alias.namespace,
    );
    const isBeside = client.namespace === alias.namespace;
    return (follows ? 0 : 4) + (isBeside ? 0 : 2) + (hasLabels(client) ? 0 : 1);
  };
  const sorted = [...byClient.values()].sort((a, b) => rank(a) - rank(b));
  return sorted[0] ?? [];
}

function hasLabels({ labels = {} }: Client): boolean {
  return Object.keys(labels).length > 0;
}

interface Block {
  tls: Plain;
  selector?: unknown;
}

/** The `tls` that makes a sidecar encrypt on a port; undefined where it doesn't. */
function blockOn({ port }: WrittenPort, own: readonly Verdict[], mesh: Mesh): Block | undefined {
  const there = own.filter((verdict) => verdict.port === port);
  const carrier = there.find(({ tls }) => tls !== undefined);
  if (carrier?.tls !== "SIMPLE" && carrier?.tls !== "MUTUAL") return undefined;
  const { rule, level = "top", subset } = carrier;
  const found = mesh.rules.find(
    ({ ref }) => ref.namespace === rule?.namespace && ref.name === rule?.name,
  );
  const tls = found && tlsBlock(found.object, { level, port: carrier.port, subset });
  if (!tls) throw new Unsayable("gets its TLS from something else than a DestinationRule");
  const selector = (found.object["spec"] as Plain)["workloadSelector"];
  return { tls, ...(isPlain(selector) && { selector: selector["matchLabels"] }) };
}

function writtenTls({ tls, selector }: Block, source: TlsSource): WrittenTls {
  const { externalName, fix, fixed, alias } = source;
  const unknown = Object.keys(tls).filter((key) => !KEYS.includes(key));
  if (unknown.length > 0) {
    throw new Unsayable(`has a rule whose tls says ${unknown.join(", ")}, which a catalogue can't`);
  }
  const { sni, subjectAltNames, ...rest } = tls;
  const missing = Object.entries({ sni, subjectAltNames }).filter(
    ([, value]) => value === undefined,
  );
  if (missing.length > 0) {
    const keys = missing.map(([key]) => key).join(" and ");
    const message = `gets a rule that encrypts without ${keys}, and a catalogue always says which server is meant`;
    if (!fix) throw new Unsayable(message);
    fixed(`${namedText(alias)}: ${message}.`);
  }
  const server = sni ?? externalName;
  const names = JSON.stringify(subjectAltNames);
  const isDefault = subjectAltNames === undefined || names === JSON.stringify([server]);
  return {
    ...(rest as WrittenTls),
    ...(sni !== undefined && sni !== externalName && { sni }),
    ...(!isDefault && { subjectAltNames }),
    ...(selector !== undefined && { workloadSelector: selector }),
  };
}
