import assert from "node:assert/strict";
import { RunError } from "@pulumi/pulumi";
import { EgressGuard } from "../../components/egressGuard.js";
import { EgressTlsRule } from "../../components/egressTlsRule.js";
import { ExternalService } from "../../components/externalService.js";
import { run } from "./mocks.js";

const http = [{ name: "http", port: 80 }];
const simple = { mode: "SIMPLE", sni: "httpbin.org", subjectAltNames: ["httpbin.org"] };

interface Case {
  what: string;
  args: object;
  says: string;
}

/** What a component says to arguments that its types don't let through, too. */
async function refused(
  component: typeof ExternalService | typeof EgressTlsRule | typeof EgressGuard,
  args: object,
) {
  const made = run(() => new component("x", args as never));
  const error: unknown = await made.then(
    () => assert.fail("it is taken"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof RunError, String(error));
  return error.message;
}

describe("ExternalService with arguments that a catalogue would refuse", () => {
  const good = { name: "x", ports: http };
  const cases: Case[] = [
    {
      what: "a name outside and addresses",
      args: { ...good, externalName: "example.com", addresses: ["192.0.2.1"] },
      says: "addresses: stands beside externalName; write one of the two",
    },
    {
      what: "neither",
      args: good,
      says: "stands for nothing; write externalName (a DNS name) or addresses (a list)",
    },
    {
      what: "servers inside, and none named",
      args: { ...good, addresses: ["192.0.2.1"], location: "inside" },
      says: "inside: missing; write what serves the alias inside",
    },
    {
      what: "Endpoints that Kubernetes would take away",
      args: { ...good, addresses: ["192.0.2.1"], inside: { selector: { app: "server" } } },
      says: "endpointsApi: missing for an alias that may move inside",
    },
    {
      what: "a name inside the cluster's own domain",
      args: { ...good, externalName: "db.shop.svc.corp.example", clusterDomain: "corp.example" },
      says: 'externalName: "db.shop.svc.corp.example" is inside the cluster; write a host outside',
    },
    {
      what: "a name that a Service can't have",
      args: { ...good, name: "My_Service", externalName: "example.com" },
      says: 'name: "My_Service" isn\'t a DNS label; write my-service',
    },
  ];
  for (const { what, args, says } of cases) {
    it(`says what is wrong with ${what}`, async () => {
      const message = await refused(ExternalService, args);
      assert.ok(message.startsWith(`ExternalService "x": ${says}`), message);
    });
  }
});

describe("EgressTlsRule with arguments that a catalogue would refuse", () => {
  const host = "my-httpbin.default.svc.cluster.local";
  const good = { name: "my-httpbin", host, ports: http, tls: { mode: "DISABLE" } };
  const cases: Case[] = [
    {
      what: "Istio's own mutual TLS",
      args: { tls: { mode: "ISTIO_MUTUAL" } },
      says: "tls.mode: ISTIO_MUTUAL is the mesh's own TLS, which no server outside can speak; write DISABLE",
    },
    {
      what: "no TLS at all",
      args: { tls: undefined },
      says: "tls: missing; write { mode: ... } with DISABLE",
    },
    {
      what: "TLS to the port for plain HTTP",
      args: { tls: simple, ports: http },
      says: "ports[0]: SIMPLE would speak TLS to port 80; write targetPort: 443, or where it listens",
    },
    {
      what: "a name outside with a port that has no name to tell it by",
      args: { externalName: "db.example.com", ports: [{ name: "tcp", port: 5432 }] },
      says: 'ports[0].name: "tcp": an externalName has no address of its own',
    },
    {
      what: "a Secret that no sidecar reads",
      args: { tls: { ...simple, credentialName: "partner-tls" } },
      says: "tls.workloadSelector: missing",
    },
    {
      what: "an Istio that is too old",
      args: { mesh: { istioVersion: "1.19" } },
      says: "mesh.istioVersion: Istio 1.19 is too old",
    },
  ];
  for (const { what, args, says } of cases) {
    it(`says what is wrong with ${what}`, async () => {
      const ports = [{ name: "http", port: 80, targetPort: 443 }];
      const message = await refused(EgressTlsRule, { ...good, ports, ...args });
      assert.ok(message.startsWith(`EgressTlsRule "x": ${says}`), message);
    });
  }
});

describe("EgressGuard with arguments that a catalogue would refuse", () => {
  const alias = { name: "my-wikipedia", namespace: "default", ports: [{ port: 443 }] };
  const waiver = { rule: "shop/r", who: "team-shop", why: "moves", until: "2026-12-31" };
  const cases: Case[] = [
    { what: "no aliases", args: { aliases: undefined }, says: "aliases: missing; write a list" },
    {
      what: "an alias that is called on no port, and so wouldn't be guarded",
      args: { aliases: [{ ...alias, ports: [] }] },
      says: "aliases[0].ports: is empty, and the alias is called on none; write at least one port",
    },
    {
      what: "a host that Istio never matches",
      args: { aliases: [{ ...alias, externalName: "Wikipedia.org" }] },
      says: 'aliases[0].externalName: "Wikipedia.org" has capitals; write wikipedia.org',
    },
    {
      what: "a name that isn't known",
      args: { aliases: [{ ...alias, name: Promise.resolve("my-wikipedia") }] },
      says: "aliases[0].name: is an object; write the alias's name",
    },
    {
      what: "a waiver that never ends",
      args: { waivers: [{ ...waiver, until: "forever" }] },
      says: 'waivers[0].until: "forever" isn\'t a day; write one such as 2026-12-31',
    },
    {
      what: "a waiver of everything",
      args: { waivers: [{ ...waiver, rule: undefined }] },
      says: "waivers[0]: says nothing of what is waived; write alias, rule or host",
    },
    {
      what: "two actions that Kubernetes refuses together",
      args: { validationActions: ["Deny", "Warn"] },
      says: "validationActions: has Deny and Warn",
    },
    {
      what: "a key that there isn't",
      args: { exemptNamespace: { a: "b" } },
      says: "exemptNamespace: unknown key; write exemptNamespaces",
    },
  ];
  for (const { what, args, says } of cases) {
    it(`says what is wrong with ${what}`, async () => {
      const message = await refused(EgressGuard, { aliases: [alias], ...args });
      assert.ok(message.startsWith(`EgressGuard "x": ${says}`), message);
    });
  }
});
