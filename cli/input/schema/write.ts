/**
 * Writes schemas.json from the CustomResourceDefinitions of the pinned Istio, as its istioctl prints
 * them, gateway-schemas.json from those of the Gateway API that this Istio requires, and
 * core-schemas.json from the OpenAPI of the pinned Kubernetes' API server: `npm run schemas`, after a
 * new release is pinned. Tests compare.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { loadAll } from "js-yaml";
import { startPlane, stopPlane } from "../../../local/plane.js";
import { REPOSITORY } from "../../../local/toolchain/cache.js";
import { ensureToolchain, MAIN_PARTS } from "../../../local/toolchain/index.js";
import { meshTools } from "../../embedded.js";
import { ApiServer } from "../../kube/api-server.js";
import { GATEWAY_GROUPS, kindsOf, schemasJson } from "./crds.js";
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

const GATEWAY_API = "sigs.k8s.io/gateway-api";

/**
 * What is kept in gateway-schemas.json: the release that is pinned, and its kinds. They are those of its
 * experimental channel, which has every field of the standard one.
 */
async function pinnedGatewaySchemas(): Promise<string> {
  const cwd = path.join(REPOSITORY, "local/toolchain/mesh");
  const modules = mkdtempSync(path.join(tmpdir(), "istio-egress-modules-"));
  try {
    const env = { GOMODCACHE: modules, GOFLAGS: "-modcacherw" };
    const { stdout } = await execa("go", ["mod", "download", "-json", GATEWAY_API], { cwd, env });
    const { Dir, Version } = JSON.parse(stdout) as { Dir: string; Version: string };
    const folder = path.join(Dir, "config/crd/experimental");
    const objects = readdirSync(folder).flatMap((file) =>
      loadAll(readFileSync(path.join(folder, file), "utf8")),
    );
    const kinds = kindsOf(objects, GATEWAY_GROUPS, (version) => !version.includes("alpha"));
    return `{\n"release": ${JSON.stringify(Version)},\n"kinds": ${schemasJson(kinds).trimEnd()}\n}\n`;
  } finally {
    rmSync(modules, { recursive: true, force: true });
  }
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
  writeFileSync(path.join(__dirname, "gateway-schemas.json"), await pinnedGatewaySchemas());
  writeFileSync(path.join(__dirname, "core-schemas.json"), await pinnedCoreSchemas());
}

if (require.main === module) void write();
