import { createRequire } from "node:module";
import type * as cel from "@marcbachmann/cel-js";
import type { Path } from "../json-text.js";
import type { Fault } from "../fault.js";
import type { Schema } from "./crds.js";

type ValidationRule = (self: unknown) => boolean;

/** Loaded with the first rule: many inputs need none. */
function loadCompiler(): (rule: string) => ValidationRule {
  const { Environment } = createRequire(__filename)("@marcbachmann/cel-js") as typeof cel;
  const environment = new Environment().registerVariable("self", "dyn");
  return (rule) => {
    const evaluate = environment.parse(rule);
    return (self) => evaluate({ self }) === true;
  };
}

let compile: ((rule: string) => ValidationRule) | undefined;
const compiled = new Map<string, ValidationRule>();

function compiledRule(rule: string): ValidationRule {
  const known = compiled.get(rule);
  if (known) return known;
  compile ??= loadCompiler();
  const made = compile(rule);
  compiled.set(rule, made);
  return made;
}

/**
 * Rules that can't be evaluated here: those that call Kubernetes' own libraries, which the compiler hasn't;
 * with a flag in a regular expression, or an index within `has()`, which it doesn't know; and those about
 * an object's earlier version. Of the kinds that are read, those of the Gateway API alone have any.
 */
export const NOT_EVALUATED =
  /\b(?:url|isURL|ip|isIP|cidr|isCIDR|quantity|format)\(|\(\?i\)|has\([^)]*\[|\boldSelf\b/;

/**
 * The first of a schema's CEL rules that a value breaks. A rule that can't be answered for a value
 * is broken by it, as for the API server.
 */
export function ruleFault(value: unknown, schema: Schema, path: Path): Fault | undefined {
  for (const { rule, message = `must hold: ${rule}` } of schema["x-kubernetes-validations"] ?? []) {
    if (NOT_EVALUATED.test(rule)) continue;
    if (!holds(compiledRule(rule), value)) return { path: [...path], given: value, message };
  }
  return undefined;
}

function holds(rule: ValidationRule, value: unknown): boolean {
  try {
    return rule(value);
  } catch {
    return false;
  }
}
