const { EgressAlias } = require("istio-egress");

const { host } = new EgressAlias("my-wikipedia", {
  addresses: ["198.35.26.96"],
  ports: [{ name: "tls", port: 443 }],
  tls: { mode: "DISABLE" },
});
exports.host = host;
