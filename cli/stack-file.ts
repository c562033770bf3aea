import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import {
  type Catalogue,
  CATALOGUE_KEY,
  CatalogueError,
  parseCatalogue,
} from "../components/catalogue.js";
import type { ClusterChoice } from "./kube/api-server.js";
import { Mistake } from "./mistake.js";

const ROOT = path.join(__dirname, "..");

/** The file that holds a stack's configuration. */
export function stackFile(stack: string): string {
  return `Pulumi.${stack}.yaml`;
}

/**
 * What a stack declares.
 * @throws {Mistake} if there is no such stack, or its catalogue has mistakes
 */
export function readCatalogue(stack: string): Catalogue {
  try {
    return parseCatalogue(readConfig(stack)[CATALOGUE_KEY], stackFile(stack));
  } catch (error) {
    throw error instanceof CatalogueError ? new Mistake(error.message) : error;
  }
}

/**
 * The cluster that a stack's configuration names; empty where it names none.
 * @throws {Mistake} if it is given as something that can't be read here, such as a secret
 */
export function clusterOf(stack: string): ClusterChoice {
  const config = readConfig(stack);
  const [kubeconfig, context] = [config["istio-egress:kubeconfig"], config["istio-egress:context"]];
  if (kubeconfig !== undefined && !isPath(kubeconfig)) {
    throw new Mistake(
      `${stackFile(stack)}: istio-egress:kubeconfig isn't a path, and only Pulumi can read it; ` +
        "say which cluster with --kubeconfig.",
    );
  }
  return {
    ...(kubeconfig !== undefined && { kubeconfig }),
    ...(typeof context === "string" && { context }),
  };
}

/** It may also be what is in the file, in the open or encrypted. */
function isPath(kubeconfig: unknown): kubeconfig is string {
  return typeof kubeconfig === "string" && !kubeconfig.includes("\n");
}

function readConfig(stack: string): Record<string, unknown> {
  const file = path.join(ROOT, stackFile(stack));
  if (!existsSync(file)) {
    const stacks = readdirSync(ROOT).flatMap(
      (name) => /^Pulumi\.(.+)\.yaml$/.exec(name)?.[1] ?? [],
    );
    throw new Mistake(
      `there is no ${stackFile(stack)}; the stacks here are: ${stacks.join(", ")}.`,
    );
  }
  const { config } = parse(readFileSync(file, "utf8")) as { config?: Record<string, unknown> };
  return config ?? {};
}
