/**
 * Lets node run this package's TypeScript as it stands: `node --require ./register.cjs index.ts`.
 * Types are stripped, not checked, and a relative import's `.js` means the `.ts` beside it. It asks
 * swc itself, because @swc-node/register loads all of TypeScript (a third of a second a process)
 * and leaves the `.js` of a relative import as it is, which CommonJS then can't find.
 */
const Module = require("node:module");
const { readFileSync } = require("node:fs");
const { transformSync } = require("@swc/core");

process.setSourceMapsEnabled(true);

Module._extensions[".ts"] = (module, filename) => {
  const { code } = transformSync(readFileSync(filename, "utf8"), {
    filename,
    swcrc: false,
    sourceMaps: "inline",
    jsc: { target: "es2022", parser: { syntax: "typescript" }, keepClassNames: true },
    module: { type: "commonjs" },
  });
  module._compile(code, filename);
};

const resolve = Module._resolveFilename;
Module._resolveFilename = function (request, parent, ...rest) {
  if (/^\.{1,2}\/.*\.js$/.test(request) && parent?.filename?.endsWith(".ts")) {
    try {
      return resolve.call(this, request.replace(/\.js$/, ".ts"), parent, ...rest);
    } catch {
      // It is a real .js file.
    }
  }
  return resolve.call(this, request, parent, ...rest);
};

/**
 * Pulumi shows a program's error in colours, and its source maps give frames such as
 * `node_modules/@pulumi/resource.ts`. Some versions of Node (20.20 among them) look for the second
 * slash of such a path until two gigabytes and two minutes are gone. Without colours they don't look.
 */
const util = require("node:util");
const { inspect } = util;

function inspectWithoutColours(value, options, ...others) {
  const isColoured = value instanceof Error && options?.colors === true;
  return inspect(value, isColoured ? { ...options, colors: false } : options, ...others);
}

util.inspect = Object.defineProperties(
  inspectWithoutColours,
  Object.getOwnPropertyDescriptors(inspect),
);
