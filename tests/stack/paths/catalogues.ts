/** Pairs of catalogues, the second made from the first by edits: what a team may do between two updates. */
import fc from "fast-check";
import { parseCatalogue } from "../../../catalogue/catalogue.js";

/** An alias as it is written. */
export interface WrittenAlias {
  name: string;
  namespace: string;
  externalName?: string;
  addresses?: string[];
  ports: { name: string; port: number; targetPort?: number }[];
  tls: Record<string, unknown> & { mode: string };
  endpointsApi?: string;
  location?: string;
  inside?: { service?: string; namespace?: string; selector?: Record<string, string> };
  exportTo?: string[];
}

/** A client as it is written. */
export interface WrittenClient {
  namespace: string;
  injected: boolean;
  name?: string;
  createNamespace?: boolean;
  optOutLabel?: boolean;
}

/** A catalogue as it is written. */
export interface WrittenCatalogue {
  clients: WrittenClient[];
  aliases: WrittenAlias[];
}

/** An edit of a catalogue, as data: it prints well and shrinks well. */
export interface Edit {
  what: keyof typeof EDITS;
  /** Which alias or client, and which other one: counted around. */
  at: number;
  other: number;
  /** An alias to take values from. */
  from: WrittenAlias;
}

/** One way that a stack takes. */
export interface Path {
  edits: Edit[];
  before: WrittenCatalogue;
  after: WrittenCatalogue;
}

const NAMES = ["x", "y", "z"];
export const NAMESPACES = ["a", "b"];
const HOSTS = ["one.example.com", "two.example.com", "three.example.com"];

const PLAIN: WrittenAlias["ports"][] = [
  [{ name: "http", port: 80 }],
  [{ name: "tls", port: 443 }],
  [
    { name: "http", port: 80 },
    { name: "https", port: 443 },
  ],
];
const ENCRYPTED: WrittenAlias["ports"][] = [
  [{ name: "http", port: 80, targetPort: 443 }],
  [{ name: "http", port: 8080, targetPort: 443 }],
  [{ name: "http-web", port: 80, targetPort: 8443 }],
  [
    { name: "http", port: 80, targetPort: 443 },
    { name: "http-admin", port: 8080, targetPort: 8443 },
  ],
  [
    { name: "http", port: 80, targetPort: 443 },
    { name: "https", port: 8443 },
  ],
  [{ name: "grpc", port: 8080 }],
];

const certificates = {
  caCertificates: "/etc/partner/ca.crt",
  clientCertificate: "/etc/partner/tls.crt",
  privateKey: "/etc/partner/tls.key",
};
const sni = "server.example.com";

const open = fc.record({
  ports: fc.constantFrom(...PLAIN, ...ENCRYPTED),
  tls: fc.constant({ mode: "DISABLE" }),
});
const encrypted = fc.record({
  ports: fc.constantFrom(...ENCRYPTED),
  tls: fc.constantFrom(
    { mode: "SIMPLE", sni },
    { mode: "SIMPLE", sni, subjectAltNames: [sni, "*.example.com"] },
    { mode: "MUTUAL", sni, ...certificates },
  ),
});
const intent = fc.oneof({ arbitrary: open, weight: 1 }, { arbitrary: encrypted, weight: 2 });

const target = fc.oneof(
  fc.record({ externalName: fc.constantFrom(...HOSTS) }),
  fc.record({
    addresses: fc.constantFrom(["192.0.2.1"], ["192.0.2.1", "192.0.2.2"], ["2001:db8::1"]),
    endpointsApi: fc.constantFrom(undefined, "EndpointSlice"),
  }),
);

const exportTo = fc.constantFrom(undefined, undefined, ["."], ["*"], [".", "b"], ["a", "b"]);

const alias: fc.Arbitrary<WrittenAlias> = fc
  .record({
    name: fc.constantFrom(...NAMES),
    namespace: fc.constantFrom(...NAMESPACES),
    exportTo,
    target,
    intent,
  })
  .map(({ target, intent, ...rest }) => plain({ ...rest, ...target, ...intent }) as WrittenAlias);

/** Without the keys that have no value. */
function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

type Change = (catalogue: WrittenCatalogue, edit: Edit) => void;

/** Changes the alias that an edit is at. */
const ofAlias =
  (change: (alias: WrittenAlias, edit: Edit, aliases: WrittenAlias[]) => void): Change =>
  ({ aliases }, edit) => {
    if (aliases.length > 0) change(aliases[edit.at % aliases.length]!, edit, aliases);
  };

const TARGET = ["externalName", "addresses", "endpointsApi", "location", "inside"] as const;

function take(alias: WrittenAlias, from: WrittenAlias, keys: readonly (keyof WrittenAlias)[]) {
  for (const key of keys) delete alias[key];
  Object.assign(alias, Object.fromEntries(keys.map((key) => [key, from[key]])));
}

/** Every kind of edit. One that makes no sense where it falls changes nothing. */
const EDITS = {
  rename: ofAlias((alias, { from }) => void (alias.name = from.name)),
  namespace: ofAlias((alias, { from }) => void (alias.namespace = from.namespace)),
  retarget: ofAlias((alias, { from }) => take(alias, from, TARGET)),
  "swap targets": ofAlias((alias, { other }, aliases) => {
    const second = aliases[other % aliases.length]!;
    const first = { ...alias };
    take(alias, second, TARGET);
    take(second, first, TARGET);
  }),
  "swap names": ofAlias((alias, { other }, aliases) => {
    const second = aliases[other % aliases.length]!;
    [alias.name, second.name] = [second.name, alias.name];
  }),
  mode: ofAlias((alias, { from }) => void (alias.tls = from.tls)),
  ports: ofAlias((alias, { from }) => void (alias.ports = from.ports)),
  intent: ofAlias((alias, { from }) => take(alias, from, ["tls", "ports"])),
  exportTo: ofAlias((alias, { from }) => take(alias, from, ["exportTo"])),
  endpointsApi: ofAlias((alias) => {
    if (!alias.addresses) return;
    if (alias.endpointsApi) delete alias.endpointsApi;
    else alias.endpointsApi = "EndpointSlice";
  }),
  location: ofAlias((alias) => {
    alias.inside ??= alias.addresses
      ? { selector: { app: "server" } }
      : { service: "server", namespace: alias.namespace };
    if (alias.location === "inside") delete alias.location;
    else alias.location = "inside";
  }),
  add: (({ aliases }, { from }) => void aliases.push(from)) as Change,
  remove: (({ aliases }, { at }) => void aliases.splice(at % (aliases.length || 1), 1)) as Change,
  "client's name": (({ clients }, { at, from }) => {
    clients[at % clients.length]!.name = from.name;
  }) as Change,
};

const edit: fc.Arbitrary<Edit> = fc.record({
  what: fc.constantFrom(...(Object.keys(EDITS) as (keyof typeof EDITS)[])),
  at: fc.nat(2),
  other: fc.nat(2),
  from: alias,
});

function edited(catalogue: WrittenCatalogue, edits: readonly Edit[]): WrittenCatalogue {
  const copy = plain(catalogue);
  for (const one of edits) EDITS[one.what](copy, plain(one));
  return plain(copy);
}

/** Whether a catalogue is taken at all. */
function isValid(catalogue: WrittenCatalogue): boolean {
  try {
    parseCatalogue(catalogue, "drawn");
    return true;
  } catch {
    return false;
  }
}

const clients = NAMESPACES.map((namespace) => ({ namespace, injected: true }));

/** A path of one to three edits from a valid catalogue to another one. */
export const path: fc.Arbitrary<Path> = fc
  .record({
    aliases: fc.uniqueArray(alias, {
      minLength: 1,
      maxLength: 4,
      selector: ({ namespace, name }) => `${namespace}/${name}`,
    }),
    edits: fc.array(edit, { minLength: 1, maxLength: 3 }),
  })
  .map(({ aliases, edits }) => {
    const before = plain({ clients, aliases });
    return { edits, before, after: edited(before, edits) };
  })
  .filter(
    ({ before, after }) =>
      isValid(before) && isValid(after) && JSON.stringify(before) !== JSON.stringify(after),
  );
