/** The command in a clone of this repository, where it can build and run an embedded mesh too. */
import { run } from "./program.js";
import { ANYWHERE, type Subcommands } from "./subcommands.js";

const SUBCOMMANDS: Subcommands = {
  up: {
    summary: "bring up the embedded mesh with a stack in it, and verify the result",
    load: () => import("./up.js"),
  },
  down: {
    summary: "destroy the stacks of the embedded mesh, and the mesh",
    load: () => import("./down.js"),
  },
  verify: {
    summary: "compare the cluster and what istiod sends with the catalogue",
    load: () => import("./verify.js"),
  },
  drift: {
    summary: "compare the addresses and certificates outside with what the catalogue declares",
    load: () => import("./drift.js"),
  },
  ...ANYWHERE,
  test: {
    summary: "run the checks, the unit tests and the tests on real parts",
    load: () => import("./test.js"),
  },
  oracle: {
    summary: "compare the model with a real istiod on random meshes",
    load: () => import("./oracle.js"),
  },
};

const EXAMPLES = `
Examples:
  istio-egress judge -f examples/task.yaml    judge plain YAML: no cluster and no Pulumi needed
  istio-egress judge --kube                   judge a live cluster, reading only
  istio-egress up                             the whole task on real parts, on this machine
  istio-egress verify --stack prod            reality against Pulumi.prod.yaml

In a clone \`istio-egress judge ...\` is \`npm run judge -- ...\`, or \`node cli/launch.cjs judge ...\`
where another program reads what is printed, because npm prints lines of its own.
`;

void run(process.argv, SUBCOMMANDS, EXAMPLES);
