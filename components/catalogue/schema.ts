/** What a user declares in a stack file: one schema that gives types, defaults and errors. */
import ipaddr from "ipaddr.js";
import { z } from "zod";
import { DEFAULT_FACTS } from "../../mesh/facts.js";
import { unknownKey } from "./error.js";
import * as names from "./names.js";
import { findings } from "./rules.js";

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

/** An object with these keys and no others. */
function section<Shape extends z.core.$ZodLooseShape>(shape: Shape, write?: string) {
  const keys = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? issue.keys.map((key) => unknownKey(key, keys)).join("\n")
        : wrong(write ?? `an object with ${keys.join(", ")}`)(issue),
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

const istioVersion = z
  .string({ error: wrong('the version in quotes, such as "1.30" (YAML reads a bare 1.30 as 1.3)') })
  .regex(/^1\.\d+(\.\d+)?(-[\w.]+)?$/, { error: wrong('a version, such as "1.31"') });

const cidr = text("a range, such as 10.0.0.0/8", (value) =>
  ipaddr.isValidCIDR(value) ? undefined : `${names.quote(value)} isn't a range; write 10.0.0.0/8`,
);

const mesh = section({
  istioVersion: istioVersion.default(DEFAULT_FACTS.istioVersion),
  externalNameAlias: flag().optional(),
  clusterDomain: text("the cluster's DNS domain").default(DEFAULT_FACTS.clusterDomain),
  rootNamespace: namespace.default(DEFAULT_FACTS.rootNamespace),
  enableAutoMtls: flag().default(DEFAULT_FACTS.enableAutoMtls),
  defaultDestinationRuleExportTo: list(text("a namespace"), "a list of namespaces").default(
    DEFAULT_FACTS.defaultDestinationRuleExportTo,
  ),
  revision: text("a revision of istiod").default(DEFAULT_FACTS.revision),
  clusterCidrs: list(cidr, "a list of ranges").default(DEFAULT_FACTS.clusterCidrs),
  externalHosts: list(text("a host"), "a list of hosts").default(DEFAULT_FACTS.externalHosts),
});

const client = section({
  namespace,
  injected: flag("true (its Pods get a sidecar) or false"),
  name: text("a name, such as sleep", names.serviceNameMistake).default("sleep"),
  image: text("an image with curl in it").optional(),
  createNamespace: flag().optional(),
  optOutLabel: flag().optional(),
});

const port = section({
  name: text("a name that begins with the protocol, such as http", names.portNameMistake),
  port: portNumber,
  targetPort: portNumber.optional(),
  protocol: choice(["TCP", "UDP"]).optional(),
});

const file = text("a path in the sidecar", (value) =>
  value.startsWith("/")
    ? undefined
    : "isn't an absolute path; write where the file is in the sidecar, never what is in it",
);

/** Keys of SIMPLE and MUTUAL alike. */
const origination = {
  sni: text("the server's name", names.externalNameMistake).optional(),
  subjectAltNames: list(text("a name on the certificate"), "a list of names").optional(),
  caCertificates: file.optional(),
  credentialName: text("the name of a Secret").optional(),
  workloadSelector: z
    .record(z.string(), text("a label's value"), { error: wrong("labels, such as { app: sleep }") })
    .optional(),
};

const MODES =
  "DISABLE (sent as it comes), SIMPLE (the sidecar encrypts) " +
  "or MUTUAL (it shows a certificate of yours too)";

const tls = z.discriminatedUnion(
  "mode",
  [
    z.strictObject(
      { mode: z.literal("DISABLE") },
      {
        error: ({ keys }) =>
          (keys as string[])
            .map(() => "means nothing with DISABLE; write SIMPLE, or leave it out")
            .join("\n"),
      },
    ),
    section({ mode: z.literal("SIMPLE"), ...origination }),
    section({
      mode: z.literal("MUTUAL"),
      ...origination,
      clientCertificate: file.optional(),
      privateKey: file.optional(),
    }),
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

const alias = section({
  name: text("the alias's name, such as my-httpbin", names.serviceNameMistake),
  namespace: namespace.default("default"),
  externalName: text("a DNS name, such as httpbin.org", names.externalNameMistake).optional(),
  addresses: list(text("an IP address", names.addressMistake), "a list of IP addresses")
    .min(1, { error: "is empty; write at least one address" })
    .optional(),
  ports: list(port, "a list such as [{ name: http, port: 80 }]").min(1, {
    error: "is empty; write at least one port, such as { name: http, port: 80 }",
  }),
  tls,
  endpointsApi: choice(["Endpoints", "EndpointSlice"]).optional(),
  exportTo: list(text('a namespace, "." or "*"', names.exportToMistake), "a list of namespaces")
    .min(1, { error: 'is empty; write namespaces, ".", "*", or leave it out' })
    .optional(),
  request: z.url({ protocol: /^https?$/, error: wrong("a URL that a client can call") }).optional(),
});

/** Before the defaults that follow from other keys; what the rules between keys look at. */
const declared = section({
  mesh: mesh.prefault({}),
  clients: list(client, "a list of clients").default([]),
  aliases: list(alias, "a list of aliases").default([]),
});

export type Declared = z.output<typeof declared>;
export type DeclaredAlias = z.output<typeof alias>;
export type DeclaredTls = z.output<typeof tls>;

/** A whole catalogue. Its rules between keys run on whatever keys are sound, so that all mistakes show at once. */
export const declaredCatalogue = declared.superRefine(
  (value, context) => {
    for (const { path, message } of findings(value, context.issues)) {
      context.addIssue({ code: "custom", path, message });
    }
  },
  { when: ({ value }) => typeof value === "object" && value !== null && !Array.isArray(value) },
);
