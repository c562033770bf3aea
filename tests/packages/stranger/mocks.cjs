// Runs the compiled program against mocks of the engine, and prints what it registers.
const pulumi = require("@pulumi/pulumi");

const seen = [];
pulumi.runtime.setMocks({
  newResource: ({ type, name, inputs }) => {
    seen.push(`${type} ${name}`);
    return { id: name, state: { ...inputs } };
  },
  call: () => ({}),
});

let host;
const load = process.argv[2] === "esm" ? import("./program.mjs") : require("./program.cjs");
void Promise.resolve(load).then((program) => program.host.apply((known) => (host = known)));
// When nothing is under way any more.
process.on("exit", () => console.log(JSON.stringify({ host, seen: seen.sort() })));
