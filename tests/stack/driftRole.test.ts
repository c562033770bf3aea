import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { parse } from "yaml";
import { ApiServer } from "../../cli/kube/api-server.js";
import { execInPod } from "../../cli/kube/exec.js";
import { REPOSITORY } from "../../local/toolchain/cache.js";
import type { KubeObject } from "../../mesh/index.js";
import { eventually } from "../local/eventually.js";
import { namespaces } from "../mesh/objects.js";
import { Admission } from "./admission.js";
import { sharedPlane } from "./sharedPlane.js";

interface Role extends KubeObject {
  rules: [{ apiGroups: string[]; resources: string[]; resourceNames: string[]; verbs: string[] }];
}

const NAMESPACE = "drift-role";
const [OWN] = namespaces(NAMESPACE);
const metadata = { name: "drift", namespace: NAMESPACE };

/** What docs/drift.md tells people to write, in a namespace of the test's. */
function documentedRole(): Role {
  const page = readFileSync(path.join(REPOSITORY, "docs/drift.md"), "utf8");
  const block = /```yaml\n(apiVersion: rbac[\s\S]+?)```/.exec(page)![1]!;
  const role = parse(block) as Role;
  return { ...role, metadata: { ...(role.metadata as object), namespace: NAMESPACE } };
}

const BINDING = {
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "RoleBinding",
  metadata,
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "drift" },
  subjects: [{ kind: "ServiceAccount", name: "drift", namespace: NAMESPACE }],
};

const pod = (name: string) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: NAMESPACE },
  spec: { containers: [{ name: "app", image: "curl" }] },
});

/** No kubelet runs here: the API server lets a command through to one, or refuses it before. */
describe("the Role of drift --from-pod, on a real API server", function () {
  this.timeout(120_000);
  let admission: Admission;
  let account: ApiServer;

  before(async () => {
    const { plane } = await sharedPlane();
    admission = new Admission(plane.kubeconfig);
    await admission.create(OWN!);
    for (const name of ["web-0", "web-1"]) {
      // Its namespace's ServiceAccount comes a moment later.
      await eventually(async () => (await admission.create(pod(name))).status === 201 || undefined);
    }
    await eventually(async () => {
      const { object } = await admission.read(pod("web-0"));
      return (object.spec as { nodeName?: string }).nodeName;
    });
    assert.equal((await admission.create(BINDING)).status, 201);
    const config = new KubeConfig();
    config.loadFromFile(plane.kubeconfig);
    const impersonateUser = `system:serviceaccount:${NAMESPACE}:drift`;
    config.users = config.users.map((user) => ({ ...user, impersonateUser }));
    account = await ApiServer.from({ content: config.exportConfig() });
  });
  after(async () => {
    await admission?.delete(OWN!);
    admission?.close();
  });

  /** Whether the API server itself refuses; else it looks for the kubelet. */
  const isForbidden = async (name: string) => {
    const where = { namespace: NAMESPACE, pod: name, container: "app" };
    const ended = await execInPod(account, where, ["curl"], 2_000).then(
      ({ failure }) => failure,
      (error: Error) => error.message,
    );
    return /\b403\b|forbidden/i.test(ended ?? "");
  };
  const withVerbs = async (role: Role, verbs: string[]) => {
    const rules = [{ ...role.rules[0], verbs }];
    const { status } = await admission.replace({ ...role, rules });
    assert.equal(status, 200);
  };

  it("is refused everything without it, and lets a command through to the Pod that it names", async () => {
    assert.equal(await isForbidden("web-0"), true);
    assert.equal((await admission.create(documentedRole())).status, 201);
    await eventually(async () => !(await isForbidden("web-0")) || undefined);
  });

  it("lets nothing else through: no other Pod, and nothing to be read", async () => {
    assert.equal(await isForbidden("web-1"), true);
    for (const resource of ["pods", "pods/web-0", "secrets"]) {
      const reading = account.get(`/api/v1/namespaces/${NAMESPACE}/${resource}`);
      await assert.rejects(reading, /answered 403/);
    }
  });

  it("has no verb too many", async () => {
    const role = documentedRole();
    const { verbs } = role.rules[0];
    for (const verb of verbs) {
      await withVerbs(
        role,
        verbs.filter((other) => other !== verb),
      );
      await eventually(async () => (await isForbidden("web-0")) || undefined);
      await withVerbs(role, verbs);
      await eventually(async () => !(await isForbidden("web-0")) || undefined);
    }
  });
});
