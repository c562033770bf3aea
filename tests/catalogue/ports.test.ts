import assert from "node:assert/strict";
import { istioEncrypts, protocolOf, transportOf } from "../../catalogue/ports.js";

describe("a port's name", () => {
  const cases: [name: string, protocol: string | undefined][] = [
    ["http", "http"],
    ["http-headers", "http"],
    ["http2", "http2"],
    ["http2-api", "http2"],
    ["https", "https"],
    ["grpc", "grpc"],
    ["grpc-web", "grpc-web"],
    ["grpc-web-api", "grpc-web"],
    ["grpc-website", "grpc-web"],
    ["tcp-postgres", "tcp"],
    ["mysql", "mysql"],
    ["web", undefined],
    ["httpx", undefined],
    ["", undefined],
  ];
  for (const [name, protocol] of cases) {
    it(`${name || "(empty)"} is read as ${protocol ?? "nothing that Istio knows"}`, () => {
      assert.equal(protocolOf(name), protocol);
    });
  }

  it("says whether the workload encrypts, so that the sidecar doesn't", () => {
    const encrypted = ["http", "tls", "https-admin", "tcp", "udp", "redis"].map(istioEncrypts);
    assert.deepEqual(encrypted, [true, false, false, true, false, true]);
  });

  it("says what carries it, unless the port does", () => {
    assert.equal(transportOf({ name: "udp-dns" }), "UDP");
    assert.equal(transportOf({ name: "tls" }), "TCP");
    assert.equal(transportOf({ name: "tls", protocol: "UDP" }), "UDP");
  });
});
