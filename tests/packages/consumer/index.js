// @ts-check
/** A team's own stack that gives one outside service an in-cluster name. */
import { Namespace } from "@pulumi/kubernetes/core/v1/index.js";
import { EgressTlsRule, ExternalService } from "istio-egress";

const orders = new Namespace("orders", { metadata: { name: "orders" } });

/** @type {import("istio-egress").AliasPort[]} */
const ports = [{ name: "http", port: 80, targetPort: 443 }];
const externalName = "rates.example.com";

const rates = new ExternalService("rates", {
  name: "rates",
  namespace: orders.metadata.name,
  externalName,
  ports,
});

new EgressTlsRule(
  "rates",
  {
    name: "rates",
    namespace: orders.metadata.name,
    host: rates.host,
    externalName,
    ports,
    tls: { mode: "SIMPLE", sni: externalName, subjectAltNames: [externalName] },
  },
  { dependsOn: rates },
);

export const host = rates.host;
