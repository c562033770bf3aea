import assert from "node:assert/strict";
import {
  parameterVariables,
  type GuardedAlias,
  type GuardParameters,
} from "../../../components/guard/parameters.js";
import { DEFAULT_FACTS } from "../../../mesh/index.js";

const httpbin: GuardedAlias = {
  name: "my-httpbin",
  namespace: "default",
  externalName: "httpbin.org",
  ports: [{ port: 80 }],
};
const wikipedia: GuardedAlias = {
  name: "my-wikipedia",
  namespace: "wiki",
  ports: [{ port: 443 }, { port: 80 }],
};
const whoAndWhy = { who: "team-a", why: "moves in March", until: "2026-12-31" };

function parametersOf(change: Partial<GuardParameters> = {}): GuardParameters {
  return { aliases: [httpbin, wikipedia], waivers: [], mesh: DEFAULT_FACTS, ...change };
}

/** What the variables say: JSON is CEL, but for texts of lines. */
function valuesOf(
  change: Partial<GuardParameters>,
  maxText?: number,
): Record<string, unknown> & { hosts: string[]; waivedHosts: string[] } {
  const { variables, hosts, waivedHosts } = parameterVariables(parametersOf(change), maxText);
  const values = Object.fromEntries(
    variables.map(({ name, expression }) => [
      name,
      expression.startsWith('"""') ? linesOf(expression) : (JSON.parse(expression) as unknown),
    ]),
  );
  const linesIn = (names: string[]) =>
    names.flatMap((name) => {
      const lines = values[name] as string[];
      delete values[name];
      return lines;
    });
  const lines = { hosts: linesIn(hosts), waivedHosts: linesIn(waivedHosts) };
  return { ...values, ...lines };
}

function linesOf(expression: string): string[] {
  assert.match(expression, /^"""\n(.+\n)*"""$/);
  return expression.slice(4, -3).split("\n").slice(0, -1);
}

describe("the parameters of a guard", () => {
  it("are the aliases' hosts with their ports, and their targets on any port", () => {
    assert.deepEqual(valuesOf({}), {
      clusterDomain: "cluster.local",
      enableAutoMtls: true,
      rootNamespace: "istio-system",
      namespaces: ["default", "wiki"],
      ports: ["80", "443"],
      hosts: [
        "httpbin.org outside",
        "my-httpbin.default.svc.cluster.local 80",
        "my-wikipedia.wiki.svc.cluster.local 443",
        "my-wikipedia.wiki.svc.cluster.local 80",
      ],
      waivedHosts: [],
      patterns: [],
      waivers: [],
    });
  });

  it("have a line feed before and after each line", () => {
    const { variables } = parameterVariables(parametersOf({ aliases: [wikipedia] }));
    assert.equal(
      variables.find(({ name }) => name === "hosts0")?.expression,
      `"""
my-wikipedia.wiki.svc.cluster.local 443
my-wikipedia.wiki.svc.cluster.local 80
"""`,
    );
  });

  it("say nothing that CEL would take for something else", () => {
    const [host] = valuesOf({
      aliases: [],
      mesh: { ...DEFAULT_FACTS, externalHosts: ['"""\\ + x'] },
    }).hosts;
    assert.equal(host, '\\"\\"\\"\\\\ + x *');
  });

  it("go by what is known of the mesh", () => {
    const mesh = {
      clusterDomain: "corp.example",
      rootNamespace: "mesh",
      enableAutoMtls: false,
      externalHosts: ["db.example.net", "*.example.com"],
    };
    assert.deepEqual(valuesOf({ aliases: [httpbin], mesh }), {
      clusterDomain: "corp.example",
      enableAutoMtls: false,
      rootNamespace: "mesh",
      namespaces: ["default"],
      ports: ["80"],
      hosts: [
        "*.example.com *",
        "db.example.net *",
        "httpbin.org outside",
        "my-httpbin.default.svc.corp.example 80",
      ],
      waivedHosts: [],
      patterns: [".example.com"],
      waivers: [],
    });
  });

  it("leave an alias out whose servers run inside, but not the name that it stands for", () => {
    const location = "inside" as const;
    const data = valuesOf({
      aliases: [
        { ...httpbin, location },
        { ...wikipedia, location },
      ],
    });
    assert.deepEqual([data.hosts, data.ports, data.namespaces], [["httpbin.org outside"], [], []]);
  });

  const WAIVERS: [title: string, waiver: object, waivers: string[][], waivedHosts: string[]][] = [
    ["a rule, which holds for all hosts", { rule: "shop/r" }, [["2026-12-31", "shop/r", "*"]], []],
    [
      "an alias, which holds for its target as well",
      { alias: "default/my-httpbin" },
      [
        ["2026-12-31", "*", "my-httpbin.default.svc.cluster.local"],
        ["2026-12-31", "*", "httpbin.org"],
      ],
      ["httpbin.org outside", "my-httpbin.default.svc.cluster.local 80"],
    ],
    [
      "a rule for one host",
      { rule: "shop/r", host: "httpbin.org" },
      [["2026-12-31", "shop/r", "httpbin.org"]],
      ["httpbin.org outside"],
    ],
    [
      "hosts by their suffix",
      { host: "*.wiki.svc.cluster.local" },
      [["2026-12-31", "*", "*.wiki.svc.cluster.local"]],
      ["my-wikipedia.wiki.svc.cluster.local 443", "my-wikipedia.wiki.svc.cluster.local 80"],
    ],
    [
      "an alias and a host: both must agree",
      { alias: "default/my-httpbin", host: "*.org" },
      [["2026-12-31", "*", "httpbin.org"]],
      ["httpbin.org outside"],
    ],
    ["an alias of nobody: nothing", { alias: "x/y" }, [], []],
  ];
  for (const [title, named, waivers, waivedHosts] of WAIVERS) {
    it(`let a waiver name ${title}`, () => {
      const data = valuesOf({ waivers: [{ ...named, ...whoAndWhy }] });
      assert.deepEqual(data.waivers, waivers);
      assert.deepEqual(data.waivedHosts, waivedHosts);
      assert.equal(data.hosts.length, 4 - waivedHosts.length, "each host once");
    });
  }

  it("are spread over texts that CEL takes, and lose no host", () => {
    const aliases = Array.from({ length: 100 }, (_, i) => ({
      name: `alias-${i}`,
      namespace: `n${i % 7}`,
      ports: [{ port: 443 }],
    }));
    const waivers = [{ alias: "n0/alias-7", ...whoAndWhy }];
    const { variables, hosts } = parameterVariables(parametersOf({ aliases, waivers }), 1000);
    assert.deepEqual(hosts, ["hosts0", "hosts1", "hosts2", "hosts3"]);
    for (const { expression } of variables) assert.ok(expression.length <= 1000 + 8);
    const values = valuesOf({ aliases, waivers }, 1000);
    assert.deepEqual(values.waivedHosts, ["alias-7.n0.svc.cluster.local 443"]);
    assert.deepEqual(
      [...values.hosts, ...values.waivedHosts].sort(),
      aliases.map(({ name, namespace }) => `${name}.${namespace}.svc.cluster.local 443`).sort(),
    );
  });

  it("are an empty text where nothing is declared", () => {
    assert.deepEqual(valuesOf({ aliases: [] }).hosts, []);
  });
});
