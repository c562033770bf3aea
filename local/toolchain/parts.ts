import path from "node:path";

/** A program that the embedded mesh or the tests run. */
export type Binary =
  | "pulumi"
  | "pulumi-language-nodejs"
  | "pulumi-language-yaml"
  | "pulumi-resource-kubernetes"
  | "etcd"
  | "kube-apiserver"
  | "kube-controller-manager"
  | "kube-scheduler"
  | "kwok"
  | "pilot-discovery"
  | "pilot-discovery-1.22"
  | "istioctl"
  | "istiod-oracle"
  | "istiod-oracle-1.30"
  | "istiod-oracle-1.22"
  | "pilot-agent"
  | "kube-proxy"
  | "coredns"
  | "actionlint"
  | "versitygw";

/** A file or folder that a build needs or a tool reads, copied out of a Go module or this repository. */
export interface SourceFile {
  /** The module it comes from; absent: this repository. */
  module?: string;
  from: string;
  /** Below the build folder (a source) or the part's folder (a file read at run time). */
  to: string;
}

/** What is cached as one. Parts of one Go module are built together, each of its packages once. */
export interface ToolPart {
  name: string;
  /** What a person reads while it is built. */
  title: string;
  /** Folder of this repository that holds go.mod and go.sum. */
  module: string;
  binaries: { name: Binary; package: string }[];
  /** `-X` values: the versions that the programs report. */
  variables?: Record<string, string>;
  sources?: SourceFile[];
  files?: SourceFile[];
  /** Whether only the tests run it. */
  forTests?: true;
  /** Whether it is built for who names it, and for nobody else. */
  onDemand?: true;
}

export const PULUMI_VERSION = "3.246.0";
export const KUBERNETES_PROVIDER_VERSION = "4.25.0";
const KUBERNETES_VERSION = "1.36.3";
/** The release that the pinned commit of Istio belongs to. */
export const ISTIO_VERSION = "1.31";

/** Older releases whose istiod the embedded mesh can run, each a part of that name. */
export const OLDER_ISTIO_VERSIONS = ["1.22"] as const;
export type OlderIstioVersion = (typeof OLDER_ISTIO_VERSIONS)[number];

/** What the embedded mesh can run. */
export type EmbeddedIstio = typeof ISTIO_VERSION | OlderIstioVersion;

/**
 * `mesh.istioVersion` of a stack on the embedded mesh of an older release: its source is of two months before
 * that release, and lacks what came in them.
 */
export const MESH_VERSIONS: Readonly<Record<OlderIstioVersion, string>> = { "1.22": "1.22-alpha" };

/** The part of an older release. */
export function olderIstio(version: OlderIstioVersion): string {
  return `istio-${version}`;
}

const PROVIDER_MODULE = "github.com/pulumi/pulumi-kubernetes/provider/v4";
const PROVIDER_DATA = "cmd/pulumi-resource-kubernetes";
const KWOK_MODULE = "sigs.k8s.io/kwok";

function kwokStage(file: string): SourceFile {
  return {
    module: KWOK_MODULE,
    from: path.join("kustomize/stage", file),
    to: path.join("stages", path.basename(file)),
  };
}

/** What the model is compared with; each generation of istiod has its own part. */
const ORACLE: SourceFile = { from: "tests/oracle/istiod", to: "istiod-oracle" };

/** In the oracles of older generations, in place of istio-init's own program. */
const CAPTURES_ALL: SourceFile = {
  from: "local/toolchain/istio-1.30/capture_rules.go",
  to: "istiod-oracle/capture_rules.go",
};

/** The folder of an older release's charts, in its part's. */
export const CHARTS = "manifests";

/** Istio's own compatibility profiles: what brings back the ways of an older version. */
const PROFILES: SourceFile = {
  module: "istio.io/istio",
  from: "manifests/helm-profiles",
  to: "profiles",
};

/** The toolchain, in the order of the build. Versions are pinned by each module's go.mod and go.sum. */
export const PARTS: readonly ToolPart[] = [
  {
    name: "istio",
    title: `istiod and istioctl ${ISTIO_VERSION}`,
    module: "local/toolchain/mesh",
    binaries: [
      { name: "pilot-discovery", package: "istio.io/istio/pilot/cmd/pilot-discovery" },
      { name: "istioctl", package: "istio.io/istio/istioctl/cmd/istioctl" },
    ],
  },
  {
    name: "kubernetes",
    title: `Kubernetes ${KUBERNETES_VERSION}`,
    module: "local/toolchain/mesh",
    binaries: ["kube-apiserver", "kube-controller-manager", "kube-scheduler"].map((name) => ({
      name: name as Binary,
      package: `k8s.io/kubernetes/cmd/${name}`,
    })),
    variables: {
      "k8s.io/component-base/version.gitVersion": `v${KUBERNETES_VERSION}`,
      "k8s.io/component-base/version.gitMajor": "1",
      "k8s.io/component-base/version.gitMinor": "36",
    },
  },
  {
    name: "kwok",
    title: "kwok",
    module: "local/toolchain/mesh",
    binaries: [{ name: "kwok", package: "sigs.k8s.io/kwok/cmd/kwok" }],
    files: [
      "node/fast/node-initialize.yaml",
      "pod/fast/pod-ready.yaml",
      "pod/fast/pod-complete.yaml",
      "pod/fast/pod-delete.yaml",
    ].map(kwokStage),
  },
  {
    name: "etcd",
    title: "etcd",
    module: "local/toolchain/mesh",
    binaries: [{ name: "etcd", package: "go.etcd.io/etcd/server/v3" }],
  },
  {
    name: "oracle",
    title: "istiod's configuration generator, for the tests of the model",
    module: "local/toolchain/mesh",
    binaries: [{ name: "istiod-oracle", package: "./istiod-oracle" }],
    sources: [ORACLE],
    forTests: true,
  },
  {
    name: "oracle-1.30",
    title: "the same of Istio 1.30",
    // Built after the mesh's module, whose pins it shares: only what is Istio's is compiled again.
    module: "local/toolchain/istio-1.30",
    binaries: [{ name: "istiod-oracle-1.30", package: "./istiod-oracle" }],
    sources: [ORACLE, CAPTURES_ALL],
    files: [PROFILES],
    forTests: true,
  },
  {
    name: "pilot-agent",
    title: "the sidecar's agent, for the tests with real traffic",
    module: "local/toolchain/mesh",
    binaries: [{ name: "pilot-agent", package: "istio.io/istio/pilot/cmd/pilot-agent" }],
    files: [
      {
        module: "istio.io/istio",
        from: "tools/packaging/common/envoy_bootstrap.json",
        to: "envoy_bootstrap.json",
      },
    ],
    forTests: true,
  },
  {
    name: "kube-proxy",
    title: "kube-proxy, for the tests with real traffic",
    module: "local/toolchain/mesh",
    binaries: [{ name: "kube-proxy", package: "k8s.io/kubernetes/cmd/kube-proxy" }],
    forTests: true,
  },
  {
    name: "coredns",
    title: "CoreDNS, for the tests with real traffic",
    module: "local/toolchain/mesh",
    binaries: [{ name: "coredns", package: "./coredns" }],
    sources: [{ from: "local/toolchain/mesh/coredns/main.go", to: "coredns/main.go" }],
    forTests: true,
  },
  {
    name: "versitygw",
    title: "a store with S3's API, for the tests of shared state",
    module: "local/toolchain/mesh",
    binaries: [{ name: "versitygw", package: "./versitygw" }],
    sources: [{ from: "local/toolchain/mesh/versitygw/main.go", to: "versitygw/main.go" }],
    forTests: true,
  },
  {
    name: "provider",
    title: `Pulumi Kubernetes provider ${KUBERNETES_PROVIDER_VERSION}`,
    module: "local/toolchain/pulumi",
    binaries: [{ name: "pulumi-resource-kubernetes", package: "./provider" }],
    variables: {
      [`${PROVIDER_MODULE}/pkg/version.Version`]: KUBERNETES_PROVIDER_VERSION,
      "main.version": KUBERNETES_PROVIDER_VERSION,
    },
    sources: [
      { from: "local/toolchain/pulumi/provider/main.go", to: "provider/main.go" },
      // The module's own embedded copies are made by its release build and aren't in the module.
      {
        module: PROVIDER_MODULE,
        from: `${PROVIDER_DATA}/schema.json`,
        to: "provider/schema.json",
      },
      {
        module: PROVIDER_MODULE,
        from: `${PROVIDER_DATA}/terraform-mapping.json`,
        to: "provider/terraform-mapping.json",
      },
    ],
  },
  {
    name: "pulumi",
    title: `Pulumi CLI ${PULUMI_VERSION}`,
    module: "local/toolchain/pulumi",
    binaries: [{ name: "pulumi", package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi" }],
    variables: { "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": PULUMI_VERSION },
  },
  {
    name: "nodejs-host",
    title: "Pulumi language host for Node.js",
    module: "local/toolchain/nodejs-host",
    binaries: [
      {
        name: "pulumi-language-nodejs",
        package: "github.com/pulumi/pulumi/sdk/nodejs/cmd/pulumi-language-nodejs/v3",
      },
    ],
  },
  {
    name: "yaml-host",
    title: "Pulumi language host for YAML, for the tests of the plugin",
    module: "local/toolchain/yaml-host",
    binaries: [
      {
        name: "pulumi-language-yaml",
        package: "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml",
      },
    ],
    forTests: true,
  },
  {
    name: "actionlint",
    title: "actionlint, for the tests of the workflows",
    module: "local/toolchain/actionlint",
    binaries: [{ name: "actionlint", package: "github.com/rhysd/actionlint/cmd/actionlint" }],
    forTests: true,
  },
  {
    name: "oracle-1.22",
    title: "istiod's configuration generator of Istio 1.22, for the tests of the model",
    module: "local/toolchain/istio-1.22",
    binaries: [{ name: "istiod-oracle-1.22", package: "./istiod-oracle" }],
    sources: [
      ORACLE,
      CAPTURES_ALL,
      { from: "local/toolchain/istio-1.22/generation.go", to: "istiod-oracle/generation.go" },
    ],
    files: [PROFILES],
    forTests: true,
  },
  {
    name: olderIstio("1.22"),
    title: "istiod 1.22",
    // Of the same source as the oracle's module, whose tools are keyed by that one's go.sum.
    module: "local/toolchain/istiod-1.22",
    binaries: [
      { name: "pilot-discovery-1.22", package: "istio.io/istio/pilot/cmd/pilot-discovery" },
    ],
    // The charts of this release, from which the istioctl of the pinned one makes its manifest.
    files: ["charts", "profiles"].map((folder) => ({
      module: "istio.io/istio",
      from: path.join("manifests", folder),
      to: path.join(CHARTS, folder),
    })),
    onDemand: true,
  },
];
