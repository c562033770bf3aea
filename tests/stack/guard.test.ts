import assert from "node:assert/strict";
import { EXEMPT_NAMESPACES, type ValidationAction } from "../../components/guard/objects.js";
import type { KubeObject } from "../../mesh/index.js";
import { waiver, waiverOf } from "../../policies/waivers.js";
import { eventually } from "../local/eventually.js";
import {
  DISABLE,
  endpoints,
  IM,
  MUTUAL,
  namespaces,
  OFF,
  rule,
  service,
  slice,
  tls,
} from "../mesh/objects.js";
import { Admission, type Answer } from "./admission.js";
import { GuardedCluster } from "./guardedCluster.js";
import { sharedPlane } from "./sharedPlane.js";

const HOST = "my-wikipedia.guarded.svc.cluster.local";
const ALIASES = [{ name: "my-wikipedia", namespace: "guarded", ports: [{ port: 443 }] }];
const NAMESPACES = [
  ...namespaces("guarded", "shop"),
  {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "lab", labels: { "istio-egress/guard": "exempt" } },
  },
];

/** Days from today, as waivers write them. */
function day(offset: number): string {
  return new Date(Date.now() + offset * 24 * 60 * 60 * 1000).toISOString().slice(0, 10);
}

describe("the guard, in a real API server", function () {
  this.timeout(120_000);
  let admission: Admission;
  let cluster: GuardedCluster;

  before(async () => {
    const { plane } = await sharedPlane();
    admission = new Admission(plane.kubeconfig);
    cluster = new GuardedCluster(admission);
    for (const namespace of NAMESPACES) await admission.create(namespace);
    await cluster.guard({ aliases: ALIASES });
  });
  after(async () => {
    await cluster?.remove();
    for (const namespace of NAMESPACES) await admission?.delete(namespace);
    admission?.close();
  });

  const assertRefused = ({ status, message }: Answer, says: RegExp) => {
    assert.equal(status, 403, message);
    assert.match(message, /ValidatingAdmissionPolicy 'test-guard-(rules|addresses)'/);
    assert.match(message, says);
  };
  const assertDone = ({ status, message }: Answer) => assert.ok(status < 300, message);

  describe("says", () => {
    it("what is wrong, where, what to write instead, and which command knows more", async () => {
      const answer = await admission.create(rule("shop", "mesh-mtls", { host: "*.local", ...IM }));
      assertRefused(
        answer,
        /DestinationRule shop\/mesh-mtls \(host \*\.local\) says ISTIO_MUTUAL \(trafficPolicy\.tls\) for my-wikipedia\.guarded\.svc\.cluster\.local \(which \*\.local covers\), a server outside the mesh\./,
      );
      assertRefused(answer, /Write tls\.mode DISABLE .* or SIMPLE with sni and subjectAltNames/);
      assertRefused(answer, /this object alone can't show: istio-egress judge -f /);
    });

    it("every place in the rule that is wrong", async () => {
      const spec = {
        host: HOST,
        trafficPolicy: { portLevelSettings: [{ port: { number: 443 }, tls: MUTUAL }] },
        subsets: [
          { name: "v1", ...OFF },
          { name: "v2", ...IM },
        ],
      };
      assertRefused(
        await admission.create(rule("guarded", "r", spec)),
        /says ISTIO_MUTUAL \(trafficPolicy\.portLevelSettings, subset v2\) for my-wikipedia\.guarded/,
      );
    });

    it("of mutual TLS that nobody wrote, what brings it about", async () => {
      const loadBalancer = { simple: "PASSTHROUGH" };
      const trafficPolicy = { portLevelSettings: [{ port: { number: 443 }, loadBalancer }] };
      assertRefused(
        await admission.create(rule("guarded", "r", { host: HOST, trafficPolicy })),
        /says PASSTHROUGH where no tls holds, which Istio turns into mutual TLS, for my-wikipedia/,
      );
    });
  });

  for (const version of ["v1", "v1beta1", "v1alpha3"]) {
    it(`refuses a rule that is written in ${version}`, async () => {
      const written = {
        ...rule("guarded", "r", { host: "my-wikipedia", ...IM }),
        apiVersion: `networking.istio.io/${version}`,
      };
      assertRefused(await admission.create(written), /says ISTIO_MUTUAL/);
    });
  }

  describe("on a change", () => {
    const right = rule("guarded", "changed", { host: HOST, ...OFF });
    before(async () => assertDone(await admission.create(right)));
    after(() => admission.delete(right));

    it("refuses a PUT that makes a right rule wrong", async () => {
      const { object } = await admission.read(right);
      assertRefused(
        await admission.replace({ ...object, spec: { host: HOST, ...IM } }),
        /says ISTIO_MUTUAL/,
      );
    });

    it("refuses a PATCH that makes a right rule wrong", async () => {
      assertRefused(await admission.patch(right, { spec: tls(MUTUAL) }), /says ISTIO_MUTUAL/);
    });

    it("lets other changes be", async () => {
      const change = { spec: { trafficPolicy: { tls: { ...DISABLE, sni: "x.example" } } } };
      assertDone(await admission.patch(right, change));
    });
  });

  describe("of a rule that was there before", () => {
    const old = rule("lab", "before", { host: HOST, ...IM });
    const label = (value: string | null) =>
      admission.patch(NAMESPACES[2]!, { metadata: { labels: { "istio-egress/guard": value } } });
    before(async () => {
      assertDone(await admission.create(old));
      assertDone(await label(null));
      await eventually(async () => {
        const { status } = await admission.tryToCreate({
          ...old,
          metadata: { name: "other", namespace: "lab" },
        });
        return status === 403 || undefined;
      });
    });
    after(async () => {
      assertDone(await label("exempt"));
      await admission.delete(old);
    });

    it("allows labels and finalizers, so that it can go", async () => {
      assertDone(await admission.patch(old, { metadata: { labels: { team: "lab" } } }));
      assertDone(await admission.patch(old, { metadata: { finalizers: ["example.com/wait"] } }));
      assertDone(await admission.patch(old, { metadata: { finalizers: [] } }));
    });

    it("refuses a change that leaves it wrong, and one of its revision", async () => {
      const still = { spec: { trafficPolicy: { tls: { ...MUTUAL, sni: "x.example" } } } };
      assertRefused(await admission.patch(old, still), /says ISTIO_MUTUAL/);
      const revision = { metadata: { labels: { "istio.io/rev": "canary" } } };
      assertRefused(await admission.patch(old, revision), /says ISTIO_MUTUAL/);
    });

    it("allows the change that puts it right", async () => {
      assertDone(await admission.patch(old, { spec: tls(DISABLE) }));
    });
  });

  describe("of a server that nothing may stand for", () => {
    const SPECIAL: [title: string, object: KubeObject, says: RegExp][] = [
      [
        "a slice with a metadata service's address",
        slice("guarded", "w", "100.100.100.200"),
        /100\.100\.100\.200 is the metadata service of Alibaba Cloud/,
      ],
      [
        "Endpoints with one",
        endpoints("guarded", "w", { ip: "168.63.129.16" }),
        /168\.63\.129\.16 is the platform service of Azure/,
      ],
      [
        "Endpoints that claim that a Pod has it",
        endpoints("guarded", "w", {
          ip: "192.0.0.192",
          targetRef: { kind: "Pod", name: "p", namespace: "guarded" },
        }),
        /192\.0\.0\.192 is the metadata service of Oracle Cloud/,
      ],
      [
        "a slice with an IPv6 one, in full",
        slice("guarded", "w", "fd00:ec2::254", { addressType: "IPv6" }),
        /fd00:ec2::254 is the metadata service of AWS/,
      ],
      [
        "a slice of names",
        slice("guarded", "w", "metadata.google.internal", { addressType: "FQDN" }),
        /metadata\.google\.internal is a cloud's metadata service/,
      ],
      [
        "an ExternalName",
        service("guarded", "w", { type: "ExternalName", externalName: "localhost" }),
        /localhost is the calling machine itself/,
      ],
    ];
    for (const [title, object, says] of SPECIAL) {
      it(`refuses ${title}`, async () => assertRefused(await admission.create(object), says));
    }

    for (const address of ["169.254.169.254", "127.0.0.1"]) {
      it(`refuses ${address}, if Kubernetes itself didn't`, async () => {
        const { status, message } = await admission.create(slice("guarded", "w", address));
        assert.ok(status === 422 || status === 403, message);
      });
    }

    it("lets a Service stand for a server outside, and refuses the change to another", async () => {
      const objects = [
        service("guarded", "fine", { ports: [{ name: "tls", port: 443 }] }),
        slice("guarded", "fine", "91.198.174.192"),
      ];
      for (const object of objects) assertDone(await admission.create(object));
      const change = { endpoints: [{ addresses: ["168.63.129.16"] }] };
      assertRefused(await admission.patch(objects[1]!, change), /platform service of Azure/);
      for (const object of objects.reverse()) await admission.delete(object);
    });
  });

  it("leaves namespaces alone that are labelled as exempt", async () => {
    assertDone(await admission.tryToCreate(rule("lab", "r", { host: "*.local", ...IM })));
    assertDone(await admission.tryToCreate(slice("lab", "w", "168.63.129.16")));
  });

  describe("with waivers", () => {
    const who = { who: "team-shop", why: "moves next week" };
    const wild = rule("shop", "known", { host: "*.local", ...IM });
    const exact = rule("shop", "exact", { host: HOST, ...IM });
    const WAIVERS: [title: string, named: object, days: number, allows: KubeObject[]][] = [
      ["of the rule, until today", { rule: "shop/known" }, 0, [wild]],
      ["of the rule, until yesterday", { rule: "shop/known" }, -1, []],
      ["of another rule", { rule: "shop/other" }, 1, []],
      ["of the alias", { alias: "guarded/my-wikipedia" }, 30, [wild, exact]],
      ["of the host for one rule", { host: HOST, rule: "shop/exact" }, 30, [exact]],
      ["of hosts by suffix, until yesterday", { host: "*.cluster.local" }, -1, []],
    ];
    after(() => cluster.guard({ aliases: ALIASES }));

    for (const [title, named, days, allows] of WAIVERS) {
      it(`${title}: lets ${allows.length} of two rules through`, async () => {
        const until = day(days);
        await cluster.guard({ aliases: ALIASES, waivers: [{ ...named, ...who, until }] });
        const given = waiver.parse({ ...named, ...who, until });
        for (const object of [wild, exact]) {
          const { isRefused, said } = await cluster.answerTo(object);
          assert.equal(isRefused, !allows.includes(object), said);
          // The pack's waivers have the same keys, and let through the same.
          const { name } = object.metadata as { name: string };
          const about = { alias: "guarded/my-wikipedia", rule: `shop/${name}`, host: HOST };
          const violation = { policy: "egress-disallow-istio-mutual", ...about };
          const byPack = waiverOf([given], violation, new Date()) !== undefined;
          assert.equal(byPack, allows.includes(object));
        }
      });
    }

    it("goes by the day of a change, too", async () => {
      const changed = rule("shop", "later", { host: HOST, ...OFF });
      assertDone(await admission.create(changed));
      const later = { rule: "shop/later", ...who };
      await cluster.guard({ aliases: ALIASES, waivers: [{ ...later, until: day(-1) }] });
      assertRefused(await admission.patch(changed, { spec: tls(MUTUAL) }), /says ISTIO_MUTUAL/);
      await cluster.guard({ aliases: ALIASES, waivers: [{ ...later, until: day(0) }] });
      assertDone(await admission.patch(changed, { spec: tls(MUTUAL) }));
      await admission.delete(changed);
    });
  });

  it("goes by the aliases that there are now", async () => {
    const other = rule("guarded", "r", { host: "other", ...IM });
    assert.equal((await cluster.answerTo(other)).isRefused, false);
    const alias = { name: "other", namespace: "guarded", ports: [{ port: 80 }] };
    await cluster.guard({ aliases: [...ALIASES, alias] });
    assert.equal((await cluster.answerTo(other)).isRefused, true);
    await cluster.guard({ aliases: ALIASES });
    assert.equal((await cluster.answerTo(other)).isRefused, false);
  });

  it("works again after it was taken away and put back", async () => {
    await cluster.remove();
    const wrong = rule("guarded", "r", { host: HOST, ...IM });
    await eventually(async () => (await admission.tryToCreate(wrong)).status < 300 || undefined);
    await cluster.guard({ aliases: ALIASES });
    assertDone(await admission.tryToCreate(rule("guarded", "r", { host: HOST, ...OFF })));
    assertRefused(await admission.tryToCreate(wrong), /says ISTIO_MUTUAL/);
  });

  describe("that is to warn and to audit only", () => {
    let warning: GuardedCluster;
    before(async () => {
      await cluster.remove();
      const validationActions: ValidationAction[] = ["Warn", "Audit"];
      const options = {
        name: "test-audit",
        validationActions,
        exemptNamespaces: EXEMPT_NAMESPACES,
      };
      warning = new GuardedCluster(admission, options);
      await warning.guard({ aliases: ALIASES });
    });
    after(async () => {
      await warning.remove();
      await cluster.guard({ aliases: ALIASES });
    });

    it("lets a wrong rule through, says who wrote it, and counts it", async () => {
      const wrong = rule("guarded", "r", { host: HOST, ...IM });
      const counted = async () => {
        const sample =
          /^apiserver_validating_admission_policy_check_total\{.*enforcement_action="audit".*policy="test-audit-rules".*\} (\d+)$/m;
        return Number(sample.exec(await admission.metrics())?.[1] ?? 0);
      };
      const before = await counted();
      const answer = await admission.create(wrong);
      assertDone(answer);
      assert.match(answer.warnings.join(), /'test-audit-rules'.*says ISTIO_MUTUAL/);
      assert.equal(await counted(), before + 1);
      await admission.delete(wrong);
    });
  });
});
