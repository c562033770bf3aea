import assert from "node:assert/strict";
import { cpSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import { REPOSITORY } from "../../local/toolchain/cache.js";
import { archives, hasRegistry, stranger, withFiles } from "./archives.js";

/** Both ends of the ranges that the library's manifest states. */
const SDKS = [
  {
    end: "oldest",
    pulumi: "3.113.0",
    kubernetes: "4.11.0",
    resolutions: ["node10", "node16", "bundler"],
  },
  {
    end: "newest",
    pulumi: "3.276.0",
    kubernetes: "4.34.2",
    resolutions: ["node10", "node16", "nodenext", "bundler"],
  },
];

/** How TypeScript finds a package: as Pulumi's own template has it, as Node does, as bundlers do. */
const RESOLUTIONS = [
  { module: "commonjs", moduleResolution: "node10", files: ["index.ts"] },
  { module: "node16", moduleResolution: "node16", files: ["index.ts", "cjs.cts", "esm.mts"] },
  { module: "nodenext", moduleResolution: "nodenext", files: ["index.ts", "cjs.cts", "esm.mts"] },
  { module: "esnext", moduleResolution: "bundler", files: ["index.ts", "esm.mts"] },
];

interface Manifest {
  version?: string;
  dependencies?: Record<string, string>;
  peerDependencies: Record<string, string>;
}

function manifestIn(folder: string): Manifest {
  return JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")) as Manifest;
}

/** Where a package is installed, however deep. */
function copiesOf(name: string, folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(`node_modules/${name}/package.json`),
  );
}

describe("what is packed", function () {
  this.timeout(600_000);

  it("isn't a folder of sources, which npm refuses", async () => {
    for (const folder of [".", "packages/library", "packages/cli", "packages/plugin"]) {
      const packed = await execa("npm", ["pack", path.join(REPOSITORY, folder), "--dry-run"], {
        reject: false,
      });
      assert.match(packed.stderr, /must have name and version/, folder);
    }
  });

  it("is compiled code with its types, a licence and what a person reads first", async () => {
    const { library, policies, cli, plugin } = await archives();
    const parts = async (archive: string) => {
      const { stdout } = await execa("tar", ["-tzf", archive]);
      const files = stdout.split("\n").map((file) => file.replace(/^package\//, ""));
      return [...new Set(files.map((file) => file.replace(/\/.*/, "/")))].sort();
    };
    const common = ["LICENSE", "README.md"];
    assert.deepEqual(await parts(library), [
      ...[
        ...common,
        "catalogue/",
        "components/",
        "index.d.ts",
        "index.js",
        "mesh/",
        "package.json",
      ],
    ]);
    assert.deepEqual(await parts(policies), [
      ...["LICENSE", "PulumiPolicy.yaml", "README.md", "index.js", "package.json"],
    ]);
    assert.deepEqual(await parts(plugin), [
      ...["LICENSE", "PulumiPlugin.yaml", "README.md", "THIRD-PARTY-NOTICES.txt", "index.js"],
      "package.json",
    ]);
    assert.deepEqual(await parts(cli), [
      ...[...common, "THIRD-PARTY-NOTICES.txt", "dist/", "package.json", "policies/"],
    ]);
  });
});

for (const { end, pulumi, kubernetes, resolutions } of SDKS) {
  describe(`the library in a stranger's program, with the ${end} SDKs`, function () {
    this.timeout(600_000);
    let folder: string;

    before(async function () {
      if (!(await hasRegistry())) this.skip();
      const { library } = await archives();
      folder = await stranger({
        "@pulumi/kubernetes": kubernetes,
        "@pulumi/pulumi": pulumi,
        "@types/node": "20.19.43",
        "istio-egress": library,
        typescript: "5.9.3",
      });
      withFiles(folder, "stranger");
      for (const copy of ["cjs.cts", "esm.mts"]) {
        cpSync(path.join(folder, "index.ts"), path.join(folder, copy));
      }
    });

    it("is the end of the range that the manifest states", () => {
      const peers = manifestIn(path.join(folder, "node_modules/istio-egress")).peerDependencies;
      const installed = { "@pulumi/pulumi": pulumi, "@pulumi/kubernetes": kubernetes };
      for (const [name, version] of Object.entries(installed)) {
        const manifest = manifestIn(path.join(folder, "node_modules", name));
        // Older ones of Pulumi's say v4.11.0.
        assert.equal(manifest.version?.replace(/^v/, ""), version);
        if (end === "oldest") assert.equal(peers[name], `^${version}`);
        else assert.equal(peers[name]!.split(".")[0], `^${version.split(".")[0]}`);
      }
    });

    it("leaves one copy of each SDK, a clean tree, and few packages", async () => {
      for (const name of ["@pulumi/pulumi", "@pulumi/kubernetes"]) {
        assert.equal(copiesOf(name, folder).length, 1, name);
      }
      assert.equal(copiesOf("@pulumi/kubernetesx", folder).length, 0);
      await execa("npm", ["ls", "--all"], { cwd: folder });
      const { stdout } = await execa("npm", ["ls", "--all", "--parseable", "istio-egress"], {
        cwd: folder,
      });
      assert.equal(stdout.split("\n").length, 1);
      const { dependencies = {} } = manifestIn(path.join(folder, "node_modules/istio-egress"));
      assert.deepEqual(Object.keys(dependencies), ["ipaddr.js", "zod"]);
      for (const name of Object.keys(dependencies)) {
        const { dependencies: further } = manifestIn(path.join(folder, "node_modules", name));
        assert.equal(further, undefined, name);
      }
    });

    for (const { module, moduleResolution, files } of RESOLUTIONS) {
      if (!resolutions.includes(moduleResolution)) continue;
      it(`has types for module resolution ${moduleResolution}, without skipLibCheck`, async () => {
        const flags = ["--noEmit", "--strict", "--target", "es2020", "--skipLibCheck", "false"];
        const resolution = ["--module", module, "--moduleResolution", moduleResolution];
        const { stdout } = await execa("npx", ["tsc", ...flags, ...resolution, ...files], {
          cwd: folder,
          reject: false,
        });
        assert.equal(stdout, "");
      });
    }

    for (const format of ["cjs", "esm"]) {
      it(`runs as ${format}`, async () => {
        const { stdout } = await execa("node", ["mocks.cjs", format], { cwd: folder });
        assert.deepEqual(JSON.parse(stdout), {
          host: "my-wikipedia.default.svc.cluster.local",
          seen: [
            "istio-egress:aliases:EgressAlias my-wikipedia",
            "kubernetes:core/v1:Endpoints my-wikipedia-endpoints",
            "kubernetes:core/v1:Service my-wikipedia-service",
            "kubernetes:networking.istio.io/v1alpha3:DestinationRule my-wikipedia-rule",
          ],
        });
      });
    }
  });
}
