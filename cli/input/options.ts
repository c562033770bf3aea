import { type Command, InvalidArgumentError, Option } from "commander";
import ipaddr from "ipaddr.js";
import { Mistake } from "../mistake.js";
import {
  byFact,
  type Client,
  DEFAULT_FACTS,
  type Fact,
  FACTS,
  type FactValue,
  istioVersionMistake,
  type MeshFacts,
  OUTBOUND_TRAFFIC_POLICIES,
} from "../../mesh/index.js";

/** Adds the options for what the objects don't say and istiod's configuration does. */
export function addFactOptions(command: Command): Command {
  command.addOption(factOption(FACTS.istioVersion, "istioVersion"));
  return addFactsBesideVersion(command);
}

/** The same without Istio's version, for a command that compares several. */
export function addFactsBesideVersion(command: Command): Command {
  const options = Object.entries(byFact(factOption)).filter(([name]) => name !== "istioVersion");
  for (const [, option] of options) command.addOption(option);
  return command;
}

/** What an option's value is called in `--help`. */
const PLACEHOLDERS: Record<FactValue, string> = {
  version: " <version>",
  flag: "",
  domain: " <domain>",
  namespace: " <namespace>",
  namespaces: " <namespace>",
  revision: " <revision>",
  ranges: " <cidr>",
  hosts: " <host>",
  "taken ranges": " <cidr>",
  ports: " <port>",
  duration: " <duration>",
  "outbound policy": " <mode>",
};

/** The option of a fact; an item of a list is given by itself, and a flag that is on can be put off. */
function factOption({ value, summary }: Fact, name: keyof MeshFacts): Option {
  const standard = DEFAULT_FACTS[name];
  const isPutOff = value === "flag" && standard !== false;
  const words = name
    .replace(/^enable/, "")
    .replace(/(Cidr|Host|Range|Port)s$/, "$1")
    .replace("IP", "Ip");
  const flag = words.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`).replace(/^-/, "");
  const notes = [
    ...(Array.isArray(standard) ? ["repeatable"] : []),
    ...(value !== "flag" && [standard].flat().length > 0
      ? [`default: ${[standard].flat().join()}`]
      : []),
  ];
  const option = new Option(
    `--${isPutOff ? "no-" : ""}${flag}${PLACEHOLDERS[value]}`,
    notes.length > 0 ? `${summary} (${notes.join(", ")})` : summary,
  ).helpGroup("Mesh facts:");
  if (value === "version") return option.argParser(version);
  if (value === "outbound policy") return option.choices(OUTBOUND_TRAFFIC_POLICIES);
  if (value === "ranges") return option.argParser(cidr);
  return Array.isArray(standard) ? option.argParser(collected) : option;
}

/** The facts that were given; what wasn't is left out, so that a cluster's own can stand. */
export function factsFrom(options: object): Partial<MeshFacts> {
  const given = options as Readonly<Record<string, unknown>>;
  const facts = byFact((fact, name) => {
    const option = factOption(fact, name);
    const value = given[option.attributeName()];
    return option.negate && value === true ? undefined : value;
  });
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
}

/**
 * Refuses options that do nothing unless another one is given, too.
 *
 * @param needed the other one, as commander calls its value
 * @param names of options, in the same way
 * @throws {Mistake} naming the first that was given in vain
 */
export function requireWith(command: Command, needed: string, names: readonly string[]): void {
  const isGiven = (name: string) => command.getOptionValueSource(name) === "cli";
  if (isGiven(needed)) return;
  const given = command.options.filter((option) => isGiven(option.attributeName()));
  const vain = given.find((option) => names.includes(option.attributeName()));
  if (!vain) return;
  const other = command.options.find((option) => option.attributeName() === needed);
  throw new Mistake(`${vain.long} does nothing without ${other?.long}: give both, or none.`);
}

/** `NS` or `NS:key=value,...`, one more client for the list. */
export function client(text: string, previous: Client[] = []): Client[] {
  return [...previous, parseClient(text)];
}

/** The same for a gateway. */
export function gateway(text: string, previous: Client[] = []): Client[] {
  return [...previous, { ...parseClient(text), gateway: true }];
}

/** `--namespace`, for the output of a chart, which leaves it to the tool that applies it. */
export function namespaceOption(): Option {
  return new Option(
    "-n, --namespace <namespace>",
    "of objects that name none (default: default)",
  ).argParser((text: string) => {
    if (NAMESPACE.test(text)) return text;
    throw new InvalidArgumentError('Write a namespace such as "shop".');
  });
}

const NAMESPACE = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/** `NS` or `NS:key=value,...`. @throws {InvalidArgumentError} for anything else */
export function parseClient(text: string): Client {
  const [namespace = "", ...rest] = text.split(":");
  if (!NAMESPACE.test(namespace)) {
    throw new InvalidArgumentError(
      'Write NAMESPACE or NAMESPACE:key=value,..., as in "shop:app=web".',
    );
  }
  if (rest.length === 0) return { namespace };
  const pairs = rest
    .join(":")
    .split(",")
    .map((pair) => pair.split("="));
  const wrong = pairs.find((pair) => pair.length !== 2 || pair[0] === "");
  if (wrong) throw new InvalidArgumentError(`"${wrong.join("=")}" isn't a label: write key=value.`);
  return { namespace, labels: Object.fromEntries(pairs) as Record<string, string> };
}

/** A version of Istio, as an option gives it; with a `v` in front it is the name of a tag. */
export function version(text: string): string {
  const plain = text.replace(/^v(?=\d)/, "");
  if (istioVersionMistake(plain)) throw new InvalidArgumentError(`${istioVersionMistake(text)}.`);
  return plain;
}

function collected(text: string, previous: string[] = []): string[] {
  return [...previous, text];
}

function cidr(text: string, previous?: string[]): string[] {
  if (ipaddr.isValidCIDR(text)) return collected(text, previous);
  throw new InvalidArgumentError('Write a range such as "10.96.0.0/12".');
}
