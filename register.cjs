/**
 * Lets node run this package's TypeScript as it stands: `node --require ./register.cjs index.ts`.
 * Types are stripped, not checked, and a relative import's `.js` means the `.ts` beside it. It asks
 * swc itself, because @swc-node/register loads all of TypeScript (a third of a second a process)
 * and leaves the `.js` of a relative import as it is, which CommonJS then can't find.
 *
 * Most of what a short command takes is loading: so what swc makes is kept, source maps are read when
 * a stack trace is printed, and what a program of Pulumi's never uses isn't loaded.
 */
const { createHash } = require("node:crypto");
const { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } = require("node:fs");
const Module = require("node:module");
const path = require("node:path");

const CACHE = path.join(__dirname, "node_modules/.cache/istio-egress");
/** How each source is compiled. Whatever it follows from is in here or in the source. */
const OPTIONS = {
  swcrc: false,
  sourceMaps: true,
  jsc: { target: "es2022", parser: { syntax: "typescript" }, keepClassNames: true },
  module: { type: "commonjs" },
};
const RECIPE = JSON.stringify([require("@swc/core/package.json").version, OPTIONS]);

Module._extensions[".ts"] = (module, filename) => {
  module._compile(compiled(filename).code, filename);
};

/** @returns {{ code: string, map: string }} a source in JavaScript, from the cache if it is there */
function compiled(filename) {
  const source = readFileSync(filename, "utf8");
  const place = path.join(CACHE, `${path.relative(__dirname, filename)}.json`);
  const key = (rest) => createHash("sha1").update(`${RECIPE}\0${source}\0${rest}`).digest("hex");
  try {
    const kept = readFileSync(place, "utf8");
    // The key is of what follows it, too: a file that a fault has damaged isn't taken.
    if (key(kept.slice(41)) === kept.slice(0, 40)) return JSON.parse(kept.slice(41));
  } catch {
    // It isn't there, or isn't readable.
  }
  const { transformSync } = require("@swc/core");
  const { code, map } = transformSync(source, { filename, ...OPTIONS });
  const text = JSON.stringify({ code, map });
  keep(place, `${key(text)}\n${text}`);
  return { code, map };
}

/** Appears at once with its content, because other processes read it; without room it isn't kept. */
function keep(place, content) {
  const draft = `${place}.${process.pid}`;
  try {
    mkdirSync(path.dirname(place), { recursive: true });
    try {
      writeFileSync(draft, content);
      renameSync(draft, place);
    } finally {
      rmSync(draft, { force: true });
    }
  } catch {
    // The next process compiles it again.
  }
}

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
 * A stack trace says where in the sources it was. How Node loaded these isn't in it: Pulumi's SDK hands
 * each frame of every resource to the engine.
 */
Error.prepareStackTrace = (error, frames) => {
  const shown = frames.filter(
    (frame) => !frame.getFileName()?.startsWith("node:internal/modules/"),
  );
  return [headOf(error), ...shown.map((frame) => `    at ${inSource(frame)}`)].join("\n");
};

/** As Node begins a stack trace, with the code of its own errors. */
function headOf(error) {
  try {
    const { code, name, message } = error;
    return /^ERR_/.test(code) ? `${name} [${code}]: ${message}` : String(error);
  } catch {
    return "<error>";
  }
}

/** By place: the SDK takes a stack for each resource, too, and these repeat. */
const texts = new Map();

function inSource(frame) {
  const place = [frame.getFileName(), frame.getLineNumber(), frame.getColumnNumber()].join(":");
  const key = frame.isAsync() ? `async ${place}` : place;
  if (!texts.has(key)) texts.set(key, textOf(frame));
  return texts.get(key);
}

const maps = new Map();

function textOf(frame) {
  const [file, line, column] = [
    frame.getFileName(),
    frame.getLineNumber(),
    frame.getColumnNumber(),
  ];
  const text = String(frame);
  if (!file?.endsWith(".ts") || !path.isAbsolute(file)) return text;
  try {
    if (!maps.has(file)) maps.set(file, new Module.SourceMap(JSON.parse(compiled(file).map)));
    const { originalLine, originalColumn } = maps.get(file).findEntry(line - 1, column - 1);
    if (originalLine === undefined) return text;
    const place = `${file}:${originalLine + 1}:${originalColumn + 1}`;
    return text.replace(`${file}:${line}:${column}`, () => place);
  } catch {
    return text;
  }
}

/**
 * What Pulumi's SDK loads at its start, and a program without functions in its state never uses: all of
 * TypeScript and of npm, to write functions down, and another reader of source maps, which maps every
 * frame of every resource. It doubles what a preview takes to start.
 */
const load = Module._load;
/** Modules that an index exports whole, by the index: they are loaded when something of them is used. */
const WHOLE = [
  ["/@pulumi/pulumi/index.js", /^\.\/automation$/],
  ["/@pulumi/kubernetes/index.js", /^\.\/(helm|kustomize|yaml)$/],
  ["/zod/v4/core/index.cjs", /^\.\.\/locales\/index\.cjs$/],
  ["/zod/v4/classic/external.cjs", /^\.\.\/locales\/index\.cjs$/],
];
Module._load = function (request, parent, ...rest) {
  const from = parent?.filename ?? "";
  if (request === "source-map-support/register") return {};
  if (/^\.\/closure\//.test(request) && from.endsWith("/@pulumi/pulumi/runtime/index.js"))
    return whenCalled(() => load.call(this, request, parent, ...rest));
  if (WHOLE.some(([index, module]) => from.endsWith(index) && module.test(request)))
    return whenRead(() => load.call(this, request, parent, ...rest));
  const loaded = load.call(this, request, parent, ...rest);
  if (request === "./debuggable" && /\/@pulumi\/pulumi\/runtime\/\w+\.js$/.test(from))
    withoutStacks(loaded);
  return loaded;
};

const changed = new WeakSet();

/**
 * Pulumi's SDK takes a stack for every promise that it makes, and shows it only to who looks for
 * promises that never end: that took two fifths of a large program's time.
 */
function withoutStacks(debuggable) {
  if (process.env.PULUMI_DEBUG_PROMISE_LEAKS || changed.has(debuggable)) return;
  changed.add(debuggable);
  const { debuggablePromise } = debuggable;
  debuggable.debuggablePromise = (...args) => {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    try {
      return debuggablePromise(...args);
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  };
}

/** A module of functions, which is loaded when one of them is called. */
function whenCalled(loadModule) {
  const get =
    (_, name) =>
    (...args) =>
      loadModule()[name](...args);
  return new Proxy({}, { get });
}

/** A module, which is loaded when anything of it is looked at, but for the mark that compilers look for. */
function whenRead(loadModule) {
  const onModule =
    (operation) =>
    (_, ...args) =>
      operation(loadModule(), ...args);
  return new Proxy(
    {},
    {
      get: (_, name) => (name === "__esModule" ? true : loadModule()[name]),
      has: onModule(Reflect.has),
      ownKeys: onModule(Reflect.ownKeys),
      getOwnPropertyDescriptor: (_, name) => {
        const found = Reflect.getOwnPropertyDescriptor(loadModule(), name);
        // It isn't the proxy's own, so it mustn't claim to be a fixed one.
        return found && { ...found, configurable: true };
      },
    },
  );
}
