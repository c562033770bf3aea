import { EgressTlsRule, ExternalService } from "istio-egress";

const ports = [{ name: "tls", port: 443 }];
const addresses = ["198.35.26.96"];
const wikipedia = new ExternalService("my-wikipedia", { name: "my-wikipedia", addresses, ports });
export const { host } = wikipedia;
new EgressTlsRule("my-wikipedia", { name: "my-wikipedia", host, ports, tls: { mode: "DISABLE" } });
