import assert from "node:assert/strict";
import { parse } from "yaml";
import { importCatalogue, type Imported } from "../../../cli/import/import-catalogue.js";
import { type KubeObject, type MeshFacts, namedText } from "../../../mesh/index.js";

interface Options {
  facts?: Partial<MeshFacts>;
  fix?: boolean;
  namespaces?: string[];
}

/** Imports objects that are written in YAML, one a line. */
function imported(lines: readonly string[], { facts = {}, ...rest }: Options = {}): Imported {
  return importCatalogue({ objects: lines.map(objectIn), facts, ...rest });
}

const GROUPS: Record<string, string> = {
  DestinationRule: "networking.istio.io/v1",
  ServiceEntry: "networking.istio.io/v1",
  EndpointSlice: "discovery.k8s.io/v1",
};

/** `Service shop/web: { spec: ... }`; what is below stands beside the metadata. */
function objectIn(line: string): KubeObject {
  const [, kind = "", namespace, name, rest = ""] =
    /^(\w+) ([\w-]+)\/([\w.-]+): (.*)$/.exec(line) ?? [];
  const { metadata = {}, ...content } = parse(rest) as { metadata?: object };
  return {
    apiVersion: GROUPS[kind] ?? "v1",
    kind,
    metadata: { name, namespace, ...metadata },
    ...content,
  };
}

const web =
  "Service shop/web: { spec: { type: ExternalName, externalName: web.example.com, ports: [{ name: http, port: 80 }] } }";
const db =
  "Service shop/db: { spec: { clusterIP: 10.96.0.9, ports: [{ name: tcp, port: 5432 }] } }";
const dbEndpoints =
  "Endpoints shop/db: { subsets: [{ addresses: [{ ip: 192.0.2.1 }], ports: [{ name: tcp, port: 5432 }] }] }";

function rule(name: string, host: string, tls: string, more = ""): string {
  return `DestinationRule ${name}: { spec: { host: "${host}", trafficPolicy: { tls: ${tls} }${more} } }`;
}

function reasons({ leftOut }: Imported): Record<string, string> {
  return Object.fromEntries(leftOut.map(({ object, reason }) => [namedText(object), reason]));
}

const names = ({ catalogue }: Imported) => catalogue.aliases.map(({ name }) => name);

describe("importing a catalogue", () => {
  it("takes an ExternalName over, and says what up makes besides", () => {
    const found = imported([web]);
    assert.deepEqual(found.catalogue.aliases, [
      {
        name: "web",
        namespace: "shop",
        externalName: "web.example.com",
        ports: [{ name: "http", port: 80 }],
        tls: { mode: "DISABLE" },
      },
    ]);
    assert.deepEqual(
      found.takenOver.map(({ object }) => namedText(object)),
      ["Service shop/web"],
    );
    assert.deepEqual(found.created.map(namedText).sort(), [
      "DestinationRule shop/web",
      "DestinationRule shop/web.example.com",
      "ServiceEntry shop/web.example.com",
    ]);
  });

  it("writes down what Istio chooses by itself for addresses outside: plain text", () => {
    const found = imported([db, dbEndpoints]);
    const [alias] = found.catalogue.aliases;
    assert.deepEqual([alias?.addresses, alias?.tls], [["192.0.2.1"], { mode: "DISABLE" }]);
    assert.deepEqual(reasons(found), {});
  });

  it("keeps what a catalogue has no words for, and says so", () => {
    const pool = ", connectionPool: { tcp: { maxConnections: 9 } }";
    const written = rule("shop/db", "db", "{ mode: DISABLE }").replace(" } } }", ` }${pool} } }`);
    const found = imported([db, dbEndpoints, written]);
    assert.deepEqual(names(found), ["db"]);
    const kept = found.takenOver.filter((one) => one.kept.length > 0);
    assert.deepEqual(
      kept.map(({ object, kept }) => [namedText(object), kept]),
      [["DestinationRule shop/db", ["trafficPolicy.connectionPool"]]],
    );
  });

  it("names rules of another name that are about an alias, too", () => {
    const found = imported([db, dbEndpoints, rule("shop/no-mtls", "db", "{ mode: DISABLE }")]);
    assert.deepEqual(names(found), ["db"]);
    assert.deepEqual(
      found.beside.map(({ object }) => namedText(object)),
      ["DestinationRule shop/no-mtls"],
    );
    assert.match(found.beside[0]!.why, /delete this one when up is through/);
  });

  it("takes the server that a sidecar encrypts to from the rule", () => {
    const found = imported([
      db,
      dbEndpoints,
      rule(
        "shop/db",
        "db",
        "{ mode: SIMPLE, sni: db.example.com, subjectAltNames: [db.example.com] }",
      ),
    ]);
    assert.deepEqual(found.catalogue.aliases[0]?.tls, { mode: "SIMPLE", sni: "db.example.com" });
  });

  it("imports only the namespaces that are wanted", () => {
    const other = web.replace("shop/", "payments/");
    assert.deepEqual(
      imported([web, other], { namespaces: ["payments"] }).catalogue.aliases.map(
        (a) => a.namespace,
      ),
      ["payments"],
    );
  });

  const wildcard = rule("shop/mtls", "*.local", "{ mode: ISTIO_MUTUAL }");

  it("leaves out what gets Istio's mutual TLS, and names the rule", () => {
    const found = imported([db, dbEndpoints, wildcard]);
    assert.deepEqual(names(found), []);
    assert.match(
      reasons(found)["Service shop/db"]!,
      /DestinationRule shop\/mtls says ISTIO_MUTUAL/,
    );
    assert.ok(found.leftOut[0]?.isViolation);
  });

  it("declares it as DISABLE on request, and says so", () => {
    const found = imported([db, dbEndpoints, wildcard], { fix: true });
    assert.deepEqual(found.catalogue.aliases[0]?.tls, { mode: "DISABLE" });
    assert.match(found.fixed.join(), /Service shop\/db: DISABLE, where DestinationRule shop\/mtls/);
  });

  it("leaves it out all the same where a rule of another namespace goes on doing it", () => {
    const foreign = rule("payments/mtls", "db.shop.svc.cluster.local", "{ mode: ISTIO_MUTUAL }");
    const found = imported([db, dbEndpoints, foreign], { fix: true });
    assert.deepEqual(names(found), []);
    assert.match(reasons(found)["Service shop/db"]!, /payments\/mtls says ISTIO_MUTUAL/);
  });

  const unsayable: [what: string, lines: string[], reason: RegExp][] = [
    [
      "ports",
      ["Service shop/x: { spec: { type: ExternalName, externalName: x.example.com } }"],
      /ports/,
    ],
    [
      "a port's protocol",
      [web.replace("name: http", "name: web")],
      /doesn't begin with a protocol/,
    ],
    [
      "a port's protocol in its name",
      [web.replace("name: http", "name: tls, appProtocol: http")],
      /appProtocol is http/,
    ],
    ["an address of its own", [db.replace("10.96.0.9", "None"), dbEndpoints], /headless/],
    [
      "a type",
      [db.replace("spec: {", "spec: { type: LoadBalancer,"), dbEndpoints],
      /of type LoadBalancer/,
    ],
    [
      "an owner",
      [
        db.replace(
          "{ spec",
          "{ metadata: { ownerReferences: [{ kind: Proxy, name: db, controller: true }] }, spec",
        ),
        dbEndpoints,
      ],
      /belongs to Proxy db/,
    ],
    [
      "one subset",
      [
        db,
        dbEndpoints.replace(
          "subsets: [",
          "subsets: [{ addresses: [{ ip: 192.0.2.9 }], ports: [{ name: tcp, port: 1 }] }, ",
        ),
      ],
      /2 subsets/,
    ],
    [
      "who the server is",
      [db, dbEndpoints, rule("shop/db", "db", "{ mode: SIMPLE }")],
      /encrypts without sni and subjectAltNames/,
    ],
    [
      "verification",
      [
        db,
        dbEndpoints,
        rule("shop/db", "db", "{ mode: SIMPLE, sni: a.example.com, insecureSkipVerify: true }"),
      ],
      /insecureSkipVerify/,
    ],
    [
      "names to check",
      [db, dbEndpoints, rule("shop/db", "db", "{ mode: SIMPLE, sni: a.example.com }")],
      /encrypts without subjectAltNames/,
    ],
    [
      "a rule that does nothing",
      [web, rule("shop/web", "web", "{ mode: SIMPLE }")],
      /tls.mode is SIMPLE, and a catalogue says DISABLE/,
    ],
  ];
  for (const [what, lines, reason] of unsayable) {
    it(`leaves out what a catalogue can't say: ${what}`, () => {
      const found = imported(lines);
      assert.deepEqual(names(found), []);
      assert.match(Object.values(reasons(found))[0]!, reason);
      assert.equal(found.leftOut.length, 1);
    });
  }

  it("has no reason to leave out an alias whose clients elsewhere have a rule of their own", () => {
    const found = imported([
      db,
      dbEndpoints,
      rule(
        "shop/db",
        "db",
        "{ mode: SIMPLE, sni: a.example.com, subjectAltNames: [a.example.com] }",
      ),
      rule("pay/db", "db.shop.svc.cluster.local", "{ mode: DISABLE }", ", exportTo: [.]"),
    ]);
    assert.deepEqual(names(found), ["db"]);
    assert.match(found.beside[0]!.why, /writes into the alias's own namespace alone/);
  });

  it("leaves out an alias whose own rule would come before one for everybody else", () => {
    const tls = "{ mode: SIMPLE, sni: a.example.com, subjectAltNames: [a.example.com] }";
    const found = imported([
      db,
      dbEndpoints,
      rule("shop/db", "db", "{ mode: DISABLE }", ", exportTo: [.]"),
      rule("istio-system/db", "db.shop.svc.cluster.local", tls),
    ]);
    assert.deepEqual(names(found), ["db"], "who follows which rule stays as it is");
    const own = imported([
      db,
      dbEndpoints,
      rule("istio-system/db", "db.shop.svc.cluster.local", tls),
    ]);
    assert.deepEqual(own.catalogue.aliases[0]?.tls, { mode: "SIMPLE", sni: "a.example.com" });
  });

  it("leaves out an alias when taking it over would change some client's TLS", () => {
    // Those in shop follow the wildcard; the alias's own rule would come first, for all.
    const found = imported([
      db,
      dbEndpoints,
      rule("pay/all", "*.shop.svc.cluster.local", "{ mode: DISABLE }", ", exportTo: [.]"),
      rule(
        "shop/all",
        "*.shop.svc.cluster.local",
        "{ mode: SIMPLE, sni: a.example.com, subjectAltNames: [a.example.com] }",
        ", exportTo: [.]",
      ),
    ]);
    assert.deepEqual(names(found), []);
    assert.match(reasons(found)["Service shop/db"]!, /would change: clients in .* get/);
  });

  it("says of a host outside without another name that it isn't for a catalogue", () => {
    const entry =
      "ServiceEntry shop/api: { spec: { hosts: [api.example.com], ports: [{ number: 443, name: tls, protocol: TLS }], resolution: DNS } }";
    const found = imported([entry]);
    assert.match(reasons(found)["ServiceEntry shop/api"]!, /under its own name/);
  });
});
