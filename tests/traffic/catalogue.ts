import { type TestCatalogue, catalogueOf } from "../stack/testStack.js";
import { CERTIFICATES, OUTSIDE } from "./origins.js";

type Alias = TestCatalogue["aliases"][number];

/** Plain HTTP for the workload, TLS on the way out: the sidecar encrypts. */
const ORIGINATED = [{ name: "http", port: 80, targetPort: 443 }];
const WEB_SERVER = [...OUTSIDE["secure.example.com"]];
const PARTNER = [...OUTSIDE["partner.example.net"]];
const ECHO = [...OUTSIDE["echo.example.com"]];
const SECURE = { mode: "SIMPLE", sni: "secure.example.com" };

/** One alias for each way in which TLS is meant to work, or fails where it should. */
const TLS_ALIASES: Alias[] = [
  {
    name: "my-secure",
    externalName: "secure.example.com",
    ports: ORIGINATED,
    tls: { mode: "SIMPLE", caCertificates: CERTIFICATES.authority },
  },
  {
    name: "wrong-name",
    addresses: WEB_SERVER,
    ports: ORIGINATED,
    tls: {
      ...SECURE,
      subjectAltNames: ["elsewhere.example.com"],
      caCertificates: CERTIFICATES.authority,
    },
  },
  {
    name: "wrong-authority",
    addresses: WEB_SERVER,
    ports: ORIGINATED,
    tls: { ...SECURE, caCertificates: CERTIFICATES.otherAuthority },
  },
  { name: "public-authorities", addresses: WEB_SERVER, ports: ORIGINATED, tls: SECURE },
  {
    name: "my-partner",
    addresses: PARTNER,
    ports: ORIGINATED,
    tls: {
      mode: "MUTUAL",
      sni: "partner.example.net",
      caCertificates: CERTIFICATES.authority,
      clientCertificate: CERTIFICATES.client,
      privateKey: CERTIFICATES.clientKey,
    },
  },
  {
    name: "no-certificate",
    addresses: PARTNER,
    ports: ORIGINATED,
    tls: {
      mode: "SIMPLE",
      sni: "partner.example.net",
      caCertificates: CERTIFICATES.authority,
    },
  },
];

/** One alias for each protocol that isn't among the task's. */
const PROTOCOL_ALIASES: Alias[] = [
  ["my-echo", "tcp-echo", 9000],
  ["my-database", "mysql", 3306],
  ["my-grpc", "grpc", 50051],
  ["my-mongo", "mongo", 27017],
  ["my-redis", "redis", 6379],
].map(([name, port, number]) => ({
  name,
  addresses: ECHO,
  ports: [{ name: port, port: number }],
  tls: { mode: "DISABLE" },
}));

/** The dev stack's, with the task's addresses moved to documentation's. */
export function taskCatalogue(): TestCatalogue {
  const catalogue = catalogueOf("dev");
  const wikipedia = catalogue.aliases.find(({ name }) => name === "my-wikipedia");
  Object.assign(wikipedia!, { addresses: [...OUTSIDE["en.wikipedia.org"]] });
  return catalogue;
}

/** {@link taskCatalogue}, and the aliases above. */
export function labCatalogue(): TestCatalogue {
  const catalogue = taskCatalogue();
  catalogue.aliases.push(...TLS_ALIASES, ...PROTOCOL_ALIASES);
  return catalogue;
}
