import { service } from "../objects.js";
import { check, cluster, outside, SE_HTTP } from "./rows.js";

const waits = [{ via: "waits" }];
const mail = (port: object, more = {}) => outside("n", "mail", "mail.org", [port], more);
const call = { address: "mail.org", port: 2525, sends: "server-first" as const };
const UNNAMED = { number: 2525, name: "mail" };

describe("what a sidecar does with a call of a protocol in which the server speaks first", () => {
  check([
    {
      it: "passes it on where the port is declared as TCP",
      objects: [mail({ number: 2525, name: "tcp", protocol: "TCP" })],
      call,
      outcomes: cluster("outbound|2525||mail.org"),
    },
    {
      it: "waits where it detects the protocol",
      objects: [mail(UNNAMED)],
      call,
      outcomes: waits,
    },
    {
      it: "waits where another host makes the port's listener one of HTTP, too",
      objects: [
        mail({ number: 2525, name: "tcp", protocol: "TCP" }),
        outside("n", "h", "h.org", [{ ...SE_HTTP, number: 2525 }]),
      ],
      call,
      outcomes: waits,
    },
    {
      it: "waits where another host makes the port's listener one that reads server names",
      objects: [
        mail({ number: 2525, name: "tcp", protocol: "TCP" }),
        outside("n", "h", "h.org", [{ number: 2525, name: "tls", protocol: "TLS" }]),
      ],
      call,
      outcomes: waits,
    },
    {
      it: "goes on as TCP after the mesh's time limit",
      objects: [mail(UNNAMED)],
      facts: { protocolDetectionTimeout: "100ms" },
      call,
      outcomes: cluster("outbound|2525||mail.org"),
    },
    {
      it: "passes it on at a Service's port of MySQL, which is never detected",
      objects: [
        service("n", "db", { clusterIP: "10.96.0.9", ports: [{ name: "db", port: 3306 }] }),
      ],
      call: { address: "10.96.0.9", port: 3306, sends: "server-first" },
      outcomes: cluster("outbound|3306||db.n.svc.cluster.local"),
    },
    {
      it: "passes it on where no listener takes it",
      objects: [],
      call: { address: "192.0.2.9", port: 25, sends: "server-first" },
      outcomes: [{ via: "passthrough" }],
    },
  ]);
});
