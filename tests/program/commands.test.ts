import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { requestCommands, shellWord, sourcePodCommand } from "../../stack/commands.js";
import { parseCatalogue } from "../../catalogue/catalogue.js";

const { clients } = parseCatalogue(
  { clients: [{ namespace: "default", injected: true }], aliases: [] },
  "x",
);
const pod = "kubectl get pod -n default -l app=sleep -o jsonpath={.items..metadata.name}";
const exec = `kubectl exec "$(${pod})" -n default -c sleep -- `;

describe("the task's commands", () => {
  it("find a client's Pod by its label", () => {
    assert.equal(sourcePodCommand(clients[0]!), pod);
  });

  const http = [{ name: "http", port: 80 }];
  const tls = [{ name: "tls", port: 443 }];
  const name = "my-httpbin.default.svc.cluster.local";
  const wiki = "my-wikipedia.default.svc.cluster.local";
  const url = "https://en.wikipedia.org/wiki/Main_Page";
  const cases: {
    name: string;
    args: [Parameters<typeof requestCommands>[1], string, string?];
    curl: string[];
  }[] = [
    {
      name: "call an alias by its own name",
      args: [{ ports: http, request: `http://${name}/headers` }, name],
      curl: [`curl -sS http://${name}/headers`],
    },
    {
      name: "call the alias's first HTTP port where no request is declared",
      args: [{ ports: [...tls, { name: "http-api", port: 8080 }] }, name],
      curl: [`curl -sS http://${name}:8080/`],
    },
    {
      name: "leave the port out where it is HTTP's own",
      args: [{ ports: http }, name],
      curl: [`curl -sS http://${name}/`],
    },
    {
      name: "resolve the target's name to the cluster IP",
      args: [{ ports: tls, request: url }, wiki, "10.96.1.2"],
      curl: [`curl -sS --resolve en.wikipedia.org:443:10.96.1.2 ${url}`],
    },
    {
      name: "leave the cluster IP open where a preview doesn't know it",
      args: [{ ports: tls, request: url }, wiki],
      curl: [`curl -sS --resolve 'en.wikipedia.org:443:<cluster IP>' ${url}`],
    },
    {
      name: "connect to the alias for the target's name where there is no cluster IP",
      args: [{ ports: tls, request: url, externalName: "en.wikipedia.org" }, name],
      curl: [`curl -sS --connect-to en.wikipedia.org:443:${name}:443 ${url}`],
    },
    {
      name: "keep a port of the request's own",
      args: [{ ports: tls, request: "https://api.example.com:8443/" }, wiki, "10.96.1.2"],
      curl: ["curl -sS --resolve api.example.com:8443:10.96.1.2 https://api.example.com:8443/"],
    },
    {
      name: "quote what a shell would read as its own",
      args: [{ ports: http, request: `http://${name}/it's?a=1&b=2` }, name],
      curl: [`curl -sS 'http://${name}/it'\\''s?a=1&b=2'`],
    },
    {
      name: "make up no request for a port that carries TLS",
      args: [{ ports: tls }, wiki, "10.96.1.2"],
      curl: [],
    },
  ];
  for (const { name, args, curl } of cases) {
    it(name, () => {
      const [alias, host, clusterIP] = args;
      assert.deepEqual(
        requestCommands(clients, alias, host, clusterIP),
        curl.map((line) => exec + line),
      );
    });
  }
});

describe("a word for a shell", () => {
  const folders = [
    "plain",
    "with spaces",
    "it's",
    'say "so"',
    "$HOME",
    "`id`",
    "a\\b",
    "*",
    "a;b&c",
  ];
  for (const folder of folders) {
    it(`lets export KUBECONFIG=... name a file in ${folder}`, () => {
      const kubeconfig = `/clones/${folder}/.state/plane/credentials/admin.kubeconfig`;
      const script = `export KUBECONFIG=${shellWord(kubeconfig)}; printf %s "$KUBECONFIG"`;
      assert.equal(execFileSync("sh", ["-c", script], { encoding: "utf8" }), kubeconfig);
    });
  }
});
