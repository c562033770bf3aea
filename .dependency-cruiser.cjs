/**
 * Which room may import which: `npm run lint:imports` checks it, types included.
 */

/** Top-level rooms, with the rooms that each may import besides itself. */
const ROOMS = {
  mesh: [],
  catalogue: ["mesh"],
  components: ["catalogue", "mesh"],
  stack: ["components", "catalogue", "mesh"],
  policies: ["mesh"],
  local: [],
  cli: ["stack", "policies", "components", "catalogue", "mesh", "local"],
};

/** The rooms of mesh/, and the two files between them, from the ground up: each imports what comes before it. */
const FLOORS_OF_MESH = [
  "input/",
  "registry/",
  "rules/",
  "scope/",
  "mesh.ts",
  "clusters/",
  "call/",
  "verdicts/",
  "unknown/",
  "findings/",
  "explain/",
  "judge.ts",
  "incremental/",
  "upgrade/",
  "index.ts",
].map((floor) => `^mesh/${floor.replace(".", "[.]")}`);

/** The folders of components/ that know nothing of the components. */
const GROUND = {
  "components/resources": ["components/resources", "catalogue", "mesh"],
  "components/alias": ["components/alias", "components/resources", "catalogue", "mesh"],
};

const anyOf = (folders) => folders.map((folder) => `^${folder}/`);
const OURS = "^(index[.]ts$|(mesh|catalogue|components|stack|policies|local|cli|tests)/)";

const betweenRooms = Object.entries(ROOMS).map(([room, allowed]) => ({
  name: `${room}-imports`,
  comment: `${room}/ may import ${[room, ...allowed].map((one) => `${one}/`).join(", ")} and nothing else of ours.`,
  severity: "error",
  from: { path: `^${room}/` },
  to: { path: OURS, pathNot: anyOf([room, ...allowed]) },
}));

const withinRooms = Object.entries(GROUND).map(([folder, allowed]) => ({
  name: `${folder.replace("/", "-")}-imports`,
  comment: `${folder}/ may import ${allowed.map((one) => `${one}/`).join(", ")} and nothing else of ours.`,
  severity: "error",
  from: { path: `^${folder}/` },
  to: { path: OURS, pathNot: anyOf(allowed) },
}));

const withinMesh = FLOORS_OF_MESH.map((floor, index) => ({
  name: "mesh-upwards",
  comment: `Each floor of mesh/ imports only those below it: ${FLOORS_OF_MESH.map((one) => one.slice(6).replace("[.]", ".")).join(", ")}.`,
  severity: "error",
  from: { path: floor },
  to: { path: FLOORS_OF_MESH.slice(index + 1) },
})).slice(0, -1);

module.exports = {
  forbidden: [
    {
      name: "no-circle",
      comment: "Move what both need into a third file.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "not-past-the-index-of-mesh",
      comment:
        "The rest of the repository imports mesh/index.ts alone: export there what is needed.",
      severity: "error",
      from: { path: OURS, pathNot: "^(mesh|tests)/" },
      to: { path: "^mesh/", pathNot: "^mesh/index[.]ts$" },
    },
    {
      name: "program-imports",
      comment: "The program is made of stack/ and components/.",
      severity: "error",
      from: { path: "^index[.]ts$" },
      to: { path: OURS, pathNot: anyOf(["stack", "components"]) },
    },
    {
      name: "mesh-listed",
      comment:
        "A floor of mesh/ that .dependency-cruiser.cjs doesn't list: add it to FLOORS_OF_MESH.",
      severity: "error",
      from: { path: "^mesh/", pathNot: FLOORS_OF_MESH },
      to: {},
    },
    {
      name: "pack-without-provider",
      comment: "Loading the provider's SDK would cost every preview seconds.",
      severity: "error",
      from: { path: "^(policies|mesh|catalogue)/" },
      to: { path: "node_modules/@pulumi/kubernetes" },
    },
    {
      name: "model-without-libraries",
      comment: "mesh/ is pure functions on plain objects; it reads no file and starts no process.",
      severity: "error",
      from: { path: "^mesh/" },
      to: {
        dependencyTypes: ["npm", "npm-dev", "npm-peer", "npm-no-pkg", "core"],
        pathNot: "^node_modules/(ipaddr.js|yaml)/",
      },
    },
    ...betweenRooms,
    ...withinRooms,
    ...withinMesh,
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
    exclude: { path: ["/node_modules/", "(^|/)dist/", "^tests/packages/(stranger|consumer)/"] },
    enhancedResolveOptions: { conditionNames: ["import", "require", "node", "default", "types"] },
  },
};
