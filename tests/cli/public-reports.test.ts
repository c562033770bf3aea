import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import path from "node:path";
import { Chalk } from "chalk";
import { judgementTable } from "../../cli/format/table.js";
import { meshConfigIn } from "../../cli/input/mesh-config.js";
import { readManifests } from "../../cli/input/reading.js";
import { clientText, judgementOf } from "../../cli/judgement.js";
import { refText, type Verdict } from "../../mesh/index.js";

const FOLDER = path.join(__dirname, "public-reports");

/** What is said of an input that somebody reported, and words that are among it. */
interface Report {
  /** `verdict alias port TLS rule: clients`. */
  verdicts: string[];
  says?: RegExp[];
  silentOn?: RegExp[];
}

const REPORTS: Record<string, Report> = {
  "one-label-host": {
    verdicts: ["ok default/legacy 443 PLAIN -: default, any other namespace"],
    says: [/no client follows DestinationRule default\/legacy/, /give ServiceEntry .* with a dot/],
  },
  "api-server-dump": {
    verdicts: [
      "violation default/kubernetes 443 ISTIO_MUTUAL istio-system/default: default, any other namespace",
    ],
  },
  "api-server-not-given": {
    verdicts: [],
    says: [/holds for kubernetes\.default\.svc\.cluster\.local too, the API server/],
  },
  "api-server-exempted": {
    verdicts: [
      "ok default/kubernetes 443 PLAIN istio-system/api-server: default, shop, any other namespace",
    ],
    silentOn: [/note:/],
  },
  "rules-in-a-third-namespace": {
    verdicts: [
      "ok mesh-config/agent 2222 PLAIN -: istio-system (gateway), mesh-config, shop, any other namespace",
    ],
  },
  "certificate-by-secret": {
    verdicts: ["ok pay/bank 443 PLAIN pay/bank: pay"],
    says: [/reads no credentialName unless the rule has a workloadSelector/],
  },
  "digits-swapped": {
    verdicts: ["ok core/roaming 9999 PLAIN -: core, any other namespace"],
    says: [
      /no client follows DestinationRule core\/roaming/,
      /Did you mean 10\.67\.31\.5\.9999\.ip/,
    ],
  },
  "virtual-machine-without-sidecar": {
    verdicts: [
      "violation vms/crm 8080 ISTIO_MUTUAL istio-system/corp-mtls: vms, any other namespace",
    ],
    says: [/host: "crm\.example\.internal"/],
  },
  "egress-gateway": {
    verdicts: [
      "ok default/httpbin 80 PLAIN -: default, istio-system (gateway), foo",
      "ok default/httpbin 443 SIMPLE default/originate: default, istio-system (gateway), foo",
    ],
  },
  "ambient-origination": {
    verdicts: ["ok shop/redis 6379 SIMPLE shop/redis: shop, any other namespace"],
    says: [/Clients in shop are in ambient mode/],
  },
  "ambient-mutual": {
    verdicts: ["violation shop/redis 6379 ISTIO_MUTUAL shop/redis: shop, any other namespace"],
    says: [/Clients in shop are in ambient mode/],
  },
  "two-registrations": {
    verdicts: [
      "violation pg/db 5432 no cluster pg/db: pg",
      "ok pg/db 5432 no cluster -: any other namespace",
    ],
    says: [/It is only declared/, /declare a ServiceEntry for db-1\.abc\.eu\.rds\.example\.com/],
  },
  "second-name-of-a-service": { verdicts: [], silentOn: [/every call fails/] },
  "failover-outside": {
    verdicts: ["violation shop/orders 80 ISTIO_MUTUAL shop/orders: shop, any other namespace"],
    // DISABLE would break the calls to the Pods inside.
    says: [/leave tls out, and automatic mutual TLS/, /outlierDetection:/],
    silentOn: [/mode: DISABLE/],
  },
  "failover-automatic": {
    verdicts: ["ok shop/orders 80 AUTO -: shop, any other namespace"],
  },
  "invented-name": {
    verdicts: [
      "violation default/site 80 ISTIO_MUTUAL istio-system/default: default, any other namespace",
    ],
    says: [/# sni: example\.com/],
  },
  "overridden-for-one-namespace": { verdicts: ["ok web/cache-outside 6379 PLAIN -: web"] },
  "external-name-of-a-gateway": {
    verdicts: [
      "ok gateway-system/api 443 SIMPLE gateway-system/api: app, gateway-system, gateway-system (gateway), any other namespace",
    ],
  },
  "external-name-of-a-service": { verdicts: [] },
  "shared-tcp-port": {
    verdicts: [
      "violation a/pg-a 5432 ISTIO_MUTUAL istio-system/rds: a, b, any other namespace",
      "ok b/pg-b 5432 PLAIN -: a, b, any other namespace",
    ],
  },
  "workload-without-selector": {
    verdicts: ["undecided vm/mysql 3306 ? vm/mysql: vm, any other namespace"],
    says: [/WorkloadEntry vm\/mysql-vm isn't behind it/],
  },
  "mesh-config-in-files": {
    verdicts: [
      "violation shop/pg 5432 ISTIO_MUTUAL istio-config/default: istio-system, shop, any other namespace",
    ],
    says: [/rootNamespace "istio-config".* is taken from ConfigMap istio-system\/istio/],
  },
  "external-name-of-an-address": {
    verdicts: ["ok istio-system/wg-ext 8080 no cluster -: any other namespace"],
  },
};

/** The verdicts, those that differ in their clients alone as one; an alias's own host if it has two. */
function verdictLines(verdicts: readonly Verdict[]): string[] {
  const clients = new Map<string, Set<string>>();
  for (const { alias, port, verdict, tls, rule, client } of verdicts) {
    const outcome = tls ?? (verdict === "undecided" ? "?" : "no cluster");
    const line = `${verdict} ${refText(alias)} ${port} ${outcome} ${rule ? refText(rule) : "-"}`;
    clients.set(line, (clients.get(line) ?? new Set()).add(clientText(client)));
  }
  return [...clients].map(([line, names]) => `${line}: ${[...names].join(", ")}`);
}

describe("what people reported of Istio", () => {
  for (const [name, { verdicts, says = [], silentOn = [] }] of Object.entries(REPORTS)) {
    it(`is answered as Istio does: ${name}`, async () => {
      const { manifests, notes } = await readManifests([path.join(FOLDER, `${name}.yaml`)]);
      const config = meshConfigIn(manifests, {});
      const judgement = judgementOf({
        manifests,
        facts: config.facts,
        notes: [...notes, ...config.notes],
      });
      assert.deepEqual(verdictLines(judgement.verdicts).sort(), [...verdicts].sort());
      const text = judgementTable(judgement, new Chalk({ level: 0 })).replaceAll(/\n(?! )/g, " ");
      for (const words of says) assert.match(text, words);
      for (const words of silentOn) assert.doesNotMatch(text, words);
    });
  }

  it("has an answer for every input", () => {
    const inputs = readdirSync(FOLDER).map((file) => path.basename(file, ".yaml"));
    assert.deepEqual(inputs.sort(), Object.keys(REPORTS).sort());
  });
});
