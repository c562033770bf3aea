import assert from "node:assert/strict";
import { ApiServer } from "../../../cli/kube/api-server.js";

describe("an API server that is named by what is in a kubeconfig", () => {
  const cluster = { name: "theirs", cluster: { server: "https://127.0.0.1:9" } };
  const context = { name: "theirs", context: { cluster: "theirs", user: "someone" } };
  const users = [{ name: "someone", user: { token: "s3cret" } }];
  const config = { clusters: [cluster], contexts: [context], users, "current-context": "theirs" };

  it("is the one of that kubeconfig", async () => {
    const { server } = await ApiServer.from({ content: JSON.stringify(config) });
    assert.equal(server, cluster.cluster.server);
  });

  it("isn't told by a line of one that can't be read, which may hold a secret", async () => {
    await assert.rejects(ApiServer.from({ content: "users: [{ token: s3cret\nclusters: }" }), {
      message: "the stack's kubeconfig isn't one.",
    });
  });
});
