/**
 * Writes schemas.json from the CustomResourceDefinitions of the pinned Istio, as its istioctl prints
 * them, and core-schemas.json from the OpenAPI of the pinned Kubernetes' API server: `npm run
 * schemas`, after a new release is pinned. A test on real parts compares.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { loadAll } from "js-yaml";
import { startPlane, stopPlane } from "../../../local/plane.js";
import { ensureToolchain, MAIN_PARTS } from "../../../local/toolchain/index.js";
import { meshTools } from "../../embedded.js";
import { ApiServer } from "../../kube/api-server.js";
import { kindsOf, schemasJson } from "./crds.js";
import { definitionsJson, definitionsOf, type OpenApi } from "./openapi.js";

/** What is kept in schemas.json, for the istioctl that is pinned. */
export async function pinnedSchemas(): Promise<string> {
  const { binaries } = await ensureToolchain(["istio"]);
  const { stdout } = await execa(
    binaries.istioctl,
    ["manifest", "generate", "--set", "profile=minimal"],
    {
      env: {},
      extendEnv: false,
    },
  );
  return schemasJson(kindsOf(loadAll(stdout)));
}

/** What is kept in core-schemas.json, for the API server of a kubeconfig. */
export async function coreSchemas(kubeconfig: string): Promise<string> {
  const server = await ApiServer.from({ kubeconfig });
  const documents = ["api/v1", "apis/discovery.k8s.io/v1"].map((group) =>
    server.get(`/openapi/v3/${group}`),
  );
  return definitionsJson(definitionsOf((await Promise.all(documents)) as OpenApi[]));
}

async function pinnedCoreSchemas(): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), "istio-egress-schemas-"));
  const stateDir = path.join(folder, "plane");
  try {
    const tools = meshTools(await ensureToolchain(MAIN_PARTS));
    const { kubeconfig } = await startPlane({ stateDir, tools });
    return await coreSchemas(kubeconfig);
  } finally {
    await stopPlane(stateDir);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function write(): Promise<void> {
  writeFileSync(path.join(__dirname, "schemas.json"), await pinnedSchemas());
  writeFileSync(path.join(__dirname, "core-schemas.json"), await pinnedCoreSchemas());
}

if (require.main === module) void write();
