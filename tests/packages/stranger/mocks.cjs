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

const load = process.argv[2] === "esm" ? import("./program.mjs") : require("./program.cjs");
Promise.resolve(load)
  .then((program) => new Promise((resolve) => program.host.apply(resolve)))
  .then((host) => console.log(JSON.stringify({ host, seen: seen.sort() })));
