// @ts-check
/** A team's own stack that gives one outside service an in-cluster name. */
import { Namespace } from "@pulumi/kubernetes/core/v1/index.js";
import { EgressAlias } from "istio-egress";

const orders = new Namespace("orders", { metadata: { name: "orders" } });

const rates = new EgressAlias("rates", {
  namespace: orders.metadata.name,
  externalName: "rates.example.com",
  ports: [{ name: "http", port: 80, targetPort: 443 }],
  tls: { mode: "SIMPLE" },
});

export const host = rates.host;
