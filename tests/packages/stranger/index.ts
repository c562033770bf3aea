import * as pulumi from "@pulumi/pulumi";
import {
  type AliasPort,
  type Catalogue,
  CatalogueError,
  EgressAlias,
  type EgressAliasArgs,
  EgressTlsRule,
  ExternalService,
  parseCatalogue,
} from "istio-egress";
import { judge, readMesh, type Verdict } from "istio-egress/mesh";

const catalogue: Catalogue = parseCatalogue(
  {
    clients: [],
    aliases: [
      {
        name: "my-wikipedia",
        addresses: ["198.35.26.96"],
        ports: [{ name: "tls", port: 443 }],
        tls: { mode: "DISABLE" },
      },
    ],
  },
  "stranger",
);
const mode: "DISABLE" | "SIMPLE" | "MUTUAL" | "AUTO" = catalogue.aliases[0]!.tls.mode;

const ports: AliasPort[] = [{ name: "tls", port: 443 }];
const wikipedia = new ExternalService("my-wikipedia", {
  name: "my-wikipedia",
  addresses: ["198.35.26.96"],
  ports,
});
const rule = new EgressTlsRule("my-wikipedia", {
  name: "my-wikipedia",
  host: wikipedia.host,
  ports,
  tls: { mode: "DISABLE" },
});

export const host: pulumi.Output<string> = wikipedia.host;
export const effectiveHost: pulumi.Output<string> = rule.effectiveHost;
export const known = [mode, CatalogueError.name, typeof judge, typeof readMesh];
export const verdicts: Verdict[] = [];

// @ts-expect-error Istio's own mutual TLS can't be declared.
new EgressTlsRule("wrong", { name: "a", host: "a", ports, tls: { mode: "ISTIO_MUTUAL" } });

const args: EgressAliasArgs = {
  addresses: [pulumi.output("198.35.26.96")],
  ports,
  tls: { mode: "DISABLE" },
  transform: {
    rule: ({ spec }) => {
      spec.trafficPolicy!.connectionPool = { tcp: { maxConnections: 10 } };
    },
  },
};
export const alias: pulumi.Output<string> = new EgressAlias("alias", args).host;

// @ts-expect-error One or the other.
new EgressAlias("both", { ...args, externalName: "a.example.com" });
// @ts-expect-error What is there once it is inside?
new EgressAlias("inside", {
  externalName: "a",
  location: "inside",
  ports,
  tls: { mode: "DISABLE" },
});
// @ts-expect-error Istio's own mutual TLS can't be declared.
new EgressAlias("mutual", { externalName: "a", ports, tls: { mode: "ISTIO_MUTUAL" } });
