/** What a user declares in a stack file: one schema that gives types, defaults and errors. */
import ipaddr from "ipaddr.js";
import { z } from "zod";
import {
  byFact,
  DEFAULT_FACTS,
  type FactValue,
  hostPatternMistake,
  isBefore,
  istioVersionMistake,
  type MeshFacts,
  OUTBOUND_TRAFFIC_POLICIES,
} from "../mesh/index.js";
import { unknownKey } from "./error.js";
import * as names from "./names.js";

/** Message for a value of the wrong type: what it is, what to write. */
function wrong(write: string) {
  return ({ input }: { input?: unknown }) => `${shown(input)}; write ${write}`;
}

function shown(value: unknown): string {
  if (value === undefined) return "missing";
  if (Array.isArray(value)) return "is a list";
  if (typeof value === "object" && value !== null) return "is an object";
  return `is ${JSON.stringify(value)}`;
}

/**
 * An object with these keys and no others.
 *
 * @param elsewhere keys that it would have with another mode
 */
function section<Shape extends z.core.$ZodLooseShape>(
  shape: Shape,
  { elsewhere = {} }: { elsewhere?: Record<string, object> } = {},
) {
  const keys = Object.keys(shape);
  const unknown = (key: string) => {
    const other = Object.keys(elsewhere).find((mode) => key in elsewhere[mode]!);
    return other === undefined
      ? unknownKey(key, keys)
      : `is for ${other}; write mode: ${other}, or leave it out`;
  };
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? issue.keys.map(unknown).join("\n")
        : wrong(`an object with ${keys.join(", ")}`)(issue),
  });
}

function text(write: string, mistake?: (value: string) => string | undefined) {
  return z.string({ error: wrong(write) }).superRefine((value, context) => {
    const message = value === "" ? `is empty; write ${write}` : mistake?.(value);
    if (message) context.addIssue(message);
  });
}

function flag(write = "true or false") {
  return z.boolean({ error: wrong(write) });
}

function list<Item extends z.ZodType>(item: Item, write: string) {
  return z.array(item, { error: wrong(write) });
}

function choice<const Values extends readonly string[]>(values: Values) {
  const write = `${values.slice(0, -1).join(", ")} or ${values.at(-1)}`;
  return z.enum(values, { error: wrong(write) });
}

const namespace = text("a namespace, such as default", names.labelMistake);

const portNumber = z
  .number({ error: wrong("a whole number from 1 to 65535") })
  .refine((port) => Number.isInteger(port) && port >= 1 && port <= 65535, {
    error: wrong("a whole number from 1 to 65535"),
  });

/** What is made here is made for Istio 1.20 and newer; one newer than those known counts as the newest. */
const istioVersion = text(
  'the version in quotes, such as "1.30" (YAML reads a bare 1.30 as 1.3)',
  (value) => istioVersionMistake(value) ?? oldVersionMistake(value),
);

function oldVersionMistake(istioVersion: string): string | undefined {
  return isBefore(20, { istioVersion })
    ? `Istio ${istioVersion} is too old for what is made here; write the mesh's version, 1.20 or newer`
    : undefined;
}

const cidr = text("a range, such as 10.0.0.0/8", (value) =>
  ipaddr.isValidCIDR(value) ? undefined : `${names.quote(value)} isn't a range; write 10.0.0.0/8`,
);

/** Ranges that sidecars take or leave alone. */
const takenRange = text("a range, such as 10.0.0.0/8", (value) =>
  value === "*" || ipaddr.isValidCIDR(value)
    ? undefined
    : `${names.quote(value)} isn't a range; write 10.0.0.0/8, or "*"`,
);

const portText = text('a port in quotes, such as "3306"', (value) =>
  value === "*" || /^[1-9]\d{0,4}$/.test(value)
    ? undefined
    : `${names.quote(value)} isn't a port; write "3306"`,
);

const duration = text("a duration, such as 0s or 100ms", (value) =>
  /^\d+(\.\d+)?(ms|s|m|h)$/.test(value)
    ? undefined
    : `${names.quote(value)} isn't a duration; write 0s or 100ms`,
);

const factValues: Record<FactValue, z.ZodType> = {
  version: istioVersion,
  flag: flag(),
  domain: text("the cluster's DNS domain", names.domainMistake),
  namespace,
  namespaces: list(text("a namespace"), "a list of namespaces"),
  revision: text("a revision of istiod"),
  ranges: list(cidr, "a list of ranges"),
  hosts: list(text("a host", hostPatternMistake), "a list of hosts"),
  "taken ranges": list(takenRange, "a list of ranges"),
  ports: list(portText, "a list of ports in quotes"),
  duration,
  "outbound policy": choice(OUTBOUND_TRAFFIC_POLICIES),
};

type FactSchemas = {
  [Name in keyof MeshFacts]-?: Name extends "externalNameAlias"
    ? z.ZodOptional<z.ZodType<boolean, boolean>>
    : z.ZodDefault<z.ZodType<MeshFacts[Name], MeshFacts[Name]>>;
};

/** What is known of the mesh: see MeshFacts for what each key means. */
const mesh = section(
  byFact(({ value }, name) => {
    const schema = factValues[value];
    return name in DEFAULT_FACTS ? schema.default(DEFAULT_FACTS[name]) : schema.optional();
  }) as unknown as FactSchemas,
);

/** A workload that calls the aliases. One a namespace. */
const client = section({
  /** Where it runs. */
  namespace,
  /** Whether its Pods get Istio's sidecar. Written for `dataplane` `sidecar` or `none`. */
  injected: flag("true (its Pods get a sidecar) or false").optional(),
  /**
   * How it takes part in the mesh: by a sidecar, by its node's ztunnel, or not at all.
   * @default what `injected` says
   */
  dataplane: choice(["sidecar", "ambient", "none"]).optional(),
  /** @default "sleep" */
  name: text("a name, such as sleep", names.serviceNameMistake).default("sleep"),
  /** @default the sleep sample's */
  image: text("an image with curl in it").optional(),
  /**
   * Whether the namespace is made here, and removed with the stack.
   * @default true, but for namespaces that every cluster has
   */
  createNamespace: flag().optional(),
  /** Whether a namespace that is made here for a client without sidecar says so in a label. @default true */
  optOutLabel: flag().optional(),
});

const port = section({
  /** `<protocol>` or `<protocol>-<anything>`: Istio takes the protocol from it. */
  name: text("a name that begins with the protocol, such as http", names.portNameMistake),
  /** What clients call. */
  port: portNumber,
  /** Where the outside service listens. @default port */
  targetPort: portNumber.optional(),
  /** @default "UDP" if the name says so, else "TCP" */
  protocol: choice(["TCP", "UDP"]).optional(),
});

const file = text("a path in the sidecar", (value) =>
  value.startsWith("/")
    ? undefined
    : "isn't an absolute path; write where the file is in the sidecar, never what is in it",
);

/** Keys of SIMPLE and MUTUAL: which server is meant, and whom to trust. */
const origination = {
  /** Server name in the TLS handshake. @default externalName */
  sni: text("the server's name", names.externalNameMistake).optional(),
  /** Names of which the certificate must carry one. @default [sni] */
  subjectAltNames: list(text("a name on the certificate"), "a list of names")
    .min(1, { error: "is empty, and any certificate would do; write a name, or leave it out" })
    .optional(),
  /** Path of the certificates to trust. @default the system's (Istio 1.21 and later) */
  caCertificates: file.optional(),
  /** Secret with certificates instead of files; needs workloadSelector. */
  credentialName: text("the name of a Secret").optional(),
  /** Labels of the clients that read the Secret; no others follow the rule. */
  workloadSelector: z
    .record(z.string(), text("a label's value"), { error: wrong("labels, such as { app: sleep }") })
    .refine((labels) => Object.keys(labels).length > 0, {
      error: "is empty; write labels, such as { app: sleep }",
    })
    .optional(),
};

/** Keys of MUTUAL alone. */
const clientCertificate = {
  /** Path of the client certificate. */
  clientCertificate: file.optional(),
  /** Path of its key. */
  privateKey: file.optional(),
};

const MODES =
  "DISABLE (sent as it comes), SIMPLE (the sidecar encrypts) " +
  "or MUTUAL (it shows a certificate of yours too)";

/** How TLS is meant to work towards an alias. ISTIO_MUTUAL is refused, with the reason. */
const tls = z.discriminatedUnion(
  "mode",
  [
    section(
      { mode: z.literal("DISABLE") },
      { elsewhere: { SIMPLE: origination, MUTUAL: clientCertificate } },
    ),
    section(
      { mode: z.literal("SIMPLE"), ...origination },
      { elsewhere: { MUTUAL: clientCertificate } },
    ),
    section({ mode: z.literal("MUTUAL"), ...origination, ...clientCertificate }),
  ],
  {
    error: ({ code, input }) => {
      if (code !== "invalid_union") return wrong(`{ mode: ... } with ${MODES}`)({ input });
      const { mode } = input as { mode?: unknown };
      return mode === "ISTIO_MUTUAL"
        ? `ISTIO_MUTUAL is the mesh's own TLS, which no server outside can speak; write ${MODES}`
        : wrong(MODES)({ input: mode });
    },
  },
);

/** An in-cluster name for something outside. */
const inside = section({
  service: text("the name of a Service", names.serviceNameMistake).optional(),
  namespace: namespace.optional(),
  selector: z
    .record(z.string(), text("a label's value"), {
      error: wrong("labels, such as { app: httpbin }"),
    })
    .refine((labels) => Object.keys(labels).length > 0, { error: "is empty; write labels" })
    .optional(),
  targetPorts: z
    .record(z.string(), portNumber, { error: wrong("ports, such as { tls: 8443 }") })
    .optional(),
});

const alias = section({
  /** Name of the Service. */
  name: text("the alias's name, such as my-httpbin", names.serviceNameMistake),
  /** @default "default" */
  namespace: namespace.default("default"),
  /** The DNS name that it stands for; or else addresses. */
  externalName: text("a DNS name, such as httpbin.org", names.externalNameMistake).optional(),
  /** The IP addresses that it stands for; or else externalName. */
  addresses: list(text("an IP address", names.addressMistake), "a list of IP addresses")
    .min(1, { error: "is empty; write at least one address" })
    .optional(),
  /** The DNS name that the addresses are of: `istio-egress drift` compares the two. @default not compared */
  resolves: text("a DNS name, such as en.wikipedia.org", names.externalNameMistake).optional(),
  ports: list(port, "a list such as [{ name: http, port: 80 }]").min(1, {
    error: "is empty; write at least one port, such as { name: http, port: 80 }",
  }),
  tls,
  /** What carries the addresses. @default "Endpoints" */
  endpointsApi: choice(["Endpoints", "EndpointSlice"]).optional(),
  location: choice(["outside", "inside"]).optional(),
  inside: inside.optional(),
  /** Namespaces whose clients follow the rules; `.` is the alias's own. @default every namespace */
  exportTo: list(text('a namespace, "." or "*"', names.exportToMistake), "a list of namespaces")
    .min(1, { error: 'is empty; write namespaces, ".", "*", or leave it out' })
    .optional(),
  /** A URL that shows the alias at work. @default the alias itself, on its first http port */
  request: z.url({ protocol: /^https?$/, error: wrong("a URL that a client can call") }).optional(),
  /** What the answer to the request has in it. @default any that isn't an error will do */
  answer: text("a text that the answer has in it").optional(),
});

const objectName = (write: string) =>
  text(write, (value) =>
    /^[^/ ]+\/[^/ ]+$/.test(value)
      ? undefined
      : `${names.quote(value)} isn't a namespace and a name; write ${write}`,
  );

/** A violation that someone answers for until a day; the policy pack's waivers have the same keys. */
const guardWaiver = section({
  alias: objectName("the alias's Service, such as default/my-httpbin").optional(),
  rule: objectName("the DestinationRule, such as default/mesh-mtls").optional(),
  host: text("a host in full, or *.suffix", hostPatternMistake).optional(),
  who: text("who answers for it"),
  why: text("the reason"),
  /** The last day on which it holds (UTC). */
  until: text("the last day on which it holds, such as 2026-12-31", names.dayMistake),
});

const guardOptions = section({
  /** Of its objects; two stacks that guard one cluster need two. */
  name: text("a name, such as istio-egress", names.labelMistake).default("istio-egress"),
  /** What becomes of an object that is wrong; as in Kubernetes. */
  validationActions: list(
    choice(["Deny", "Warn", "Audit"]),
    "a list such as [Deny], or [Warn, Audit] to refuse nothing",
  )
    .min(1, { error: "is empty; write [Deny], or [Warn, Audit] to refuse nothing" })
    .default(["Deny"]),
  /** Labels, each of which exempts the namespaces that have it. @default istio-egress/guard: exempt */
  exemptNamespaces: z
    .record(z.string(), text("a label's value"), {
      error: wrong('labels, such as { "istio-egress/guard": exempt }'),
    })
    .optional(),
  waivers: list(guardWaiver, "a list of waivers").default([]),
});

/** `true` is a guard with every default, `false` none. */
const guard = z.preprocess(
  (value) => (typeof value === "boolean" ? (value ? {} : undefined) : value),
  guardOptions.optional(),
);

/** Before the defaults that follow from other keys; what the rules between keys look at. */
export const declared = section({
  mesh: mesh.prefault({}),
  clients: list(client, "a list of clients, or [] if there are none"),
  aliases: list(alias, "a list of aliases, or [] if there are none"),
  /** Paths or globs of files with more clients and aliases; catalogue/files.ts puts these in its place. */
  files: list(text("a path or a glob"), "a list of paths, such as [catalogue/*.yaml]")
    .refine(() => false, { error: "is for a stack file; write clients and aliases here" })
    .optional(),
  /** Whether the API server itself refuses rules that would break an alias. @default false */
  guard: guard.optional(),
});

/** What is looked at of an alias that is guarded; it may have all else that a catalogue's has. */
const guardedAlias = z.object(
  {
    name: alias.shape.name,
    namespace,
    externalName: alias.shape.externalName,
    ports: list(z.object({ port: portNumber }), "a list such as [{ port: 443 }]").min(1, {
      error:
        "is empty, and the alias is called on none; write at least one port, such as { port: 443 }",
    }),
    location: alias.shape.location,
  },
  { error: wrong("an alias with name, namespace and ports") },
);

/** The arguments of an EgressGuard. */
export const guardArguments = section({
  ...guardOptions.shape,
  aliases: list(guardedAlias, "a list of aliases, or [] if there are none"),
  mesh: mesh.prefault({}),
});

export type Declared = z.output<typeof declared>;
export type DeclaredAlias = z.output<typeof alias>;
export type DeclaredTls = z.output<typeof tls>;
