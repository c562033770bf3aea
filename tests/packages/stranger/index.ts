import * as pulumi from "@pulumi/pulumi";
import {
  type AliasPort,
  type Catalogue,
  CatalogueError,
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
