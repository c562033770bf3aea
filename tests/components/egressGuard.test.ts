import assert from "node:assert/strict";
import { EgressGuard, type EgressGuardArgs } from "../../components/egressGuard.js";
import { find, run } from "./mocks.js";

const managed = { "app.kubernetes.io/managed-by": "istio-egress" };

const ALIASES = [
  { name: "my-httpbin", namespace: "default", externalName: "httpbin.org", ports: [{ port: 80 }] },
];

async function guarded(args: Partial<EgressGuardArgs> = {}) {
  const { registrations } = await run(
    () => new EgressGuard("guard", { aliases: ALIASES, ...args }),
  );
  return registrations;
}

type Spec = Record<string, unknown>;
const specOf = ({ inputs }: { inputs: Record<string, unknown> }) => inputs.spec as Spec;

describe("EgressGuard", () => {
  it("has the aliases' hosts in the policy itself, whose update is all that a new one takes", async () => {
    const registrations = await guarded();
    assert.equal(registrations.length, 5);
    const { inputs } = find(registrations, "ValidatingAdmissionPolicy", "guard-rules-policy");
    assert.deepEqual(inputs.metadata, { name: "istio-egress-rules", labels: managed });
    const { variables } = inputs.spec as { variables: { name: string; expression: string }[] };
    assert.equal(
      variables.find(({ name }) => name === "hosts0")?.expression,
      '"""\nhttpbin.org outside\nmy-httpbin.default.svc.cluster.local 80\n"""',
    );
  });

  it("refuses DestinationRules of any version, and those too that it can't answer for", async () => {
    const registrations = await guarded();
    const policy = specOf(find(registrations, "ValidatingAdmissionPolicy", "guard-rules-policy"));
    assert.equal(policy.failurePolicy, "Fail");
    assert.deepEqual(policy.matchConstraints, {
      matchPolicy: "Equivalent",
      resourceRules: [
        {
          apiGroups: ["networking.istio.io"],
          apiVersions: ["*"],
          resources: ["destinationrules"],
          operations: ["CREATE", "UPDATE"],
        },
      ],
    });
    const binding = find(registrations, "ValidatingAdmissionPolicyBinding", "guard-rules-binding");
    assert.deepEqual(specOf(binding), {
      policyName: "istio-egress-rules",
      validationActions: ["Deny"],
      matchResources: {
        namespaceSelector: {
          matchExpressions: [{ key: "istio-egress/guard", operator: "NotIn", values: ["exempt"] }],
        },
      },
    });
  });

  it("refuses nothing at all where it is to warn and to audit only", async () => {
    const registrations = await guarded({ validationActions: ["Warn", "Audit"] });
    for (const name of ["guard-rules", "guard-addresses"]) {
      const policy = specOf(find(registrations, "ValidatingAdmissionPolicy", `${name}-policy`));
      assert.equal(policy.failurePolicy, "Ignore");
      const binding = specOf(
        find(registrations, "ValidatingAdmissionPolicyBinding", `${name}-binding`),
      );
      assert.deepEqual(binding.validationActions, ["Warn", "Audit"]);
    }
  });

  it("exempts namespaces by labels of the caller's choice", async () => {
    const exemptNamespaces = { team: "platform", "istio-egress/guard": "exempt" };
    const bindings = (await guarded({ exemptNamespaces })).filter(({ type }) =>
      type.endsWith("Binding"),
    );
    assert.equal(bindings.length, 2);
    for (const binding of bindings) {
      assert.deepEqual(specOf(binding).matchResources, {
        namespaceSelector: {
          matchExpressions: [
            { key: "team", operator: "NotIn", values: ["platform"] },
            { key: "istio-egress/guard", operator: "NotIn", values: ["exempt"] },
          ],
        },
      });
    }
  });

  it("binds a policy when it is there, and so unbinds it first", async () => {
    const registrations = await guarded();
    for (const guard of ["guard-rules", "guard-addresses"]) {
      const binding = find(registrations, "ValidatingAdmissionPolicyBinding", `${guard}-binding`);
      assert.deepEqual(binding.dependsOn, [`${guard}-policy`]);
    }
  });

  it("goes by its own name, and outputs the policies'", async () => {
    const registrations = await guarded({ name: "payments" });
    assert.deepEqual(find(registrations, "EgressGuard").outputs, {
      policies: ["payments-rules", "payments-addresses"],
    });
  });
});
