import assert from "node:assert/strict";
import { declaredGuard, guardKey } from "../../../cli/verify/guard-rows.js";
import { CATALOGUE, failures, rows, world } from "./world.js";

const GUARDED = {
  ...CATALOGUE,
  guard: {
    name: "istio-egress",
    validationActions: ["Deny" as const],
    waivers: [],
  },
};

interface Spec {
  failurePolicy?: string;
  matchConstraints?: Record<string, unknown> & { resourceRules: Record<string, unknown>[] };
  matchResources?: Record<string, unknown>;
  variables: { name: string; expression: string }[];
  validationActions: string[];
}

const RULES = "ValidatingAdmissionPolicy istio-egress-rules";
const BINDING = "ValidatingAdmissionPolicyBinding istio-egress-rules";

type Guard = Map<string, { spec: object }>;

/** The guard as the stack made it, with what the API server writes into it. */
function made(): Guard {
  return new Map(
    declaredGuard(GUARDED).map((declared) => {
      const spec = structuredClone(declared.spec) as Spec;
      const { matchConstraints, matchResources } = spec;
      if (matchConstraints) {
        Object.assign(matchConstraints, { namespaceSelector: {}, objectSelector: {} });
        for (const rule of matchConstraints.resourceRules) rule.scope = "*";
      }
      if (matchResources)
        Object.assign(matchResources, { objectSelector: {}, matchPolicy: "Equivalent" });
      return [guardKey(declared), { spec }];
    }),
  );
}

/** The rows that fail once somebody has changed one of its objects. */
const changed = (change: (guard: Guard) => void) =>
  failures((there) => {
    there.guard = made();
    change(there.guard);
  }, GUARDED);

const specOf = (guard: Guard, key: string) => guard.get(key)!.spec as Spec;

describe("the guard, compared with what is declared", () => {
  it("has a row for each policy and binding, which are well as the API server has them", () => {
    const all = rows((there) => (there.guard = made()), GUARDED);
    assert.ok(all.every(({ ok }) => ok));
    assert.deepEqual(
      all.map(({ subject }) => subject).filter((subject) => subject.startsWith("Validating")),
      [
        RULES,
        BINDING,
        "ValidatingAdmissionPolicy istio-egress-addresses",
        "ValidatingAdmissionPolicyBinding istio-egress-addresses",
      ],
    );
  });

  it("has none where the catalogue has no guard", () => {
    assert.ok(!rows().some(({ subject }) => subject.startsWith("Validating")));
    assert.equal(world().guard.size, 0);
  });

  const CHANGES: [story: string, change: (guard: Guard) => void, failure: string][] = [
    [
      "a binding that somebody removed",
      (guard) => guard.delete(BINDING),
      `${BINDING}: as declared | missing`,
    ],
    [
      "a binding that refuses nothing any more",
      (guard) => (specOf(guard, BINDING).validationActions = ["Warn", "Audit"]),
      `${BINDING}: validationActions Deny | validationActions Warn,Audit`,
    ],
    [
      "a binding that exempts some objects",
      (guard) =>
        Object.assign(specOf(guard, BINDING).matchResources!, {
          objectSelector: { matchLabels: { team: "shop" } },
        }),
      `${BINDING}: matchResources.objectSelector {}, matchResources.objectSelector.matchLabels.team unset | ` +
        "matchResources.objectSelector unset, matchResources.objectSelector.matchLabels.team shop",
    ],
    [
      "a policy that lets through what it can't evaluate",
      (guard) => (specOf(guard, RULES).failurePolicy = "Ignore"),
      `${RULES}: failurePolicy Fail | failurePolicy Ignore`,
    ],
    [
      "a policy for some versions of rules alone",
      (guard) =>
        (specOf(guard, RULES).matchConstraints!.resourceRules[0]!.apiVersions = ["v1alpha3"]),
      `${RULES}: matchConstraints.resourceRules[0].apiVersions * | matchConstraints.resourceRules[0].apiVersions v1alpha3`,
    ],
  ];

  for (const [story, change, failure] of CHANGES) {
    it(`finds ${story}`, () => assert.deepEqual(changed(change), [failure]));
  }

  it("names the hosts that somebody has taken out of the parameters", () => {
    const [failure, ...others] = changed((guard) => {
      const { variables } = specOf(guard, RULES);
      const hosts = variables.find(({ name }) => name === "hosts0")!;
      hosts.expression = hosts.expression.replace(/^httpbin\.org outside\n/m, "");
    });
    assert.deepEqual(others, []);
    assert.match(
      failure!,
      /^ValidatingAdmissionPolicy istio-egress-rules: variables\[\d+\]\.expression with "httpbin\.org outside" \| variables\[\d+\]\.expression without that$/,
    );
  });
});
