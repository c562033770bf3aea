import type {
  EnforcementLevel,
  Policies,
  PolicyResource,
  ResourceValidationPolicy,
  StackValidationPolicy,
} from "@pulumi/policy";
import { unknownCheckingProxy, UnknownValueError } from "./sdk.js";

/**
 * How a policy sees properties: `raw`, with placeholders where values aren't known, as packs in
 * other people's tests do; or `proxied`, as the SDK does it in a run of the engine.
 */
export type Way = "raw" | "proxied";

/** Something that a policy reported. */
export interface Report {
  policy: string;
  level: EnforcementLevel;
  message: string;
  /** The resource; absent for a report about the stack. */
  urn?: string;
}

/** How to run. */
export interface RunOptions {
  way: Way;
  /** Configuration by policy name, as in a `--policy-pack-config` file. */
  config?: Record<string, Record<string, unknown> & { enforcementLevel?: EnforcementLevel }>;
}

type AnyPolicy = Partial<ResourceValidationPolicy> & Partial<StackValidationPolicy>;

/** One preview: every resource rule on every resource, then every stack rule on the stack. */
export async function preview(
  policies: Policies,
  resources: readonly PolicyResource[],
  options: RunOptions,
): Promise<Report[]> {
  return [
    ...(await analyzeResources(policies, resources, options)),
    ...(await analyzeStack(policies, resources, options)),
  ];
}

/** Only the resource rules: what stands between a resource and its creation. */
export async function analyzeResources(
  policies: Policies,
  resources: readonly PolicyResource[],
  options: RunOptions,
): Promise<Report[]> {
  const reports: Report[] = [];
  for (const resource of resources) {
    for (const policy of policies as AnyPolicy[]) {
      const { validateResource } = policy;
      for (const validate of [validateResource ?? []].flat()) {
        await run(policy, options, reports, resource.urn, (args, report) =>
          validate({ ...args, ...resourceArgs(seen(resource, options.way)) }, report),
        );
      }
    }
  }
  return reports;
}

/** Only the stack rules. Each gets its own copy of the resources, as from the SDK. */
export async function analyzeStack(
  policies: Policies,
  resources: readonly PolicyResource[],
  options: RunOptions,
): Promise<Report[]> {
  const reports: Report[] = [];
  for (const policy of policies as AnyPolicy[]) {
    const { validateStack } = policy;
    if (!validateStack) continue;
    await run(policy, options, reports, undefined, (args, report) =>
      validateStack(
        { ...args, resources: resources.map((resource) => seen(resource, options.way)) },
        report,
      ),
    );
  }
  return reports;
}

/**
 * The properties that policies of level `remediate` leave a resource with; undefined where none of
 * them has anything to change.
 */
export async function remediate(
  policies: Policies,
  resource: PolicyResource,
  options: RunOptions,
): Promise<Record<string, unknown> | undefined> {
  const properties = structuredClone(resource.props) as Record<string, unknown>;
  const args = resourceArgs(resource);
  args.props = options.way === "raw" ? properties : unknownCheckingProxy(properties);
  let isChanged = false;
  for (const { name = "", enforcementLevel, remediateResource } of policies as AnyPolicy[]) {
    const { enforcementLevel: configured, ...config } = options.config?.[name] ?? {};
    if (!remediateResource || (configured ?? enforcementLevel) !== "remediate") continue;
    const changed = await remediateResource({ ...args, ...common(config) });
    if (!changed) continue;
    isChanged = true;
    args.props = changed;
  }
  // The proxy reads through to the copy, which holds what was written.
  return isChanged ? properties : undefined;
}

/** A fresh copy of a resource, seen one way or the other. */
function seen(resource: PolicyResource, way: Way): PolicyResource {
  const view = <T>(properties: T): T => {
    const copy = structuredClone(properties);
    return way === "raw" ? copy : unknownCheckingProxy(copy);
  };
  const { provider } = resource;
  return {
    ...resource,
    props: view(resource.props),
    ...(provider ? { provider: { ...provider, props: view(provider.props) } } : {}),
  };
}

/** What a resource rule sees of a resource: it stands alone, without its parent and relations. */
function resourceArgs({ type, props, urn, name, opts, provider }: PolicyResource) {
  const isType = (): boolean => false;
  const asType = (): undefined => undefined;
  return { type, props, urn, name, opts, isType, asType, ...(provider ? { provider } : {}) };
}

/** What every policy is given, whatever its kind. */
interface Common {
  stackTags: ReadonlyMap<string, string>;
  getConfig: <T extends object>() => T;
  notApplicable: (reason?: string) => never;
}

class NotApplicable extends Error {}

function common(config: Record<string, unknown>): Common {
  return {
    stackTags: new Map(),
    getConfig: <T extends object>() => config as T,
    notApplicable: (reason) => {
      throw new NotApplicable(reason);
    },
  };
}

/** Runs one policy once, as the SDK's server does around it. */
async function run(
  policy: AnyPolicy,
  { config = {} }: RunOptions,
  reports: Report[],
  urn: string | undefined,
  validate: (args: Common, report: (message: string, urn?: string) => void) => Promise<void> | void,
): Promise<void> {
  const name = policy.name ?? "";
  const { enforcementLevel, ...properties } = config[name] ?? {};
  const configured = enforcementLevel ?? policy.enforcementLevel ?? "advisory";
  if (configured === "disabled") return;
  const level = configured === "remediate" ? "mandatory" : configured;
  const report = (message: string, at = urn): void => {
    reports.push({ policy: name, level, message, ...(at === undefined ? {} : { urn: at }) });
  };
  try {
    await validate(common(properties), report);
  } catch (error) {
    if (error instanceof NotApplicable) return;
    if (!(error instanceof UnknownValueError)) throw error;
    // What a user would see: the policy is skipped, and a preview passes that shouldn't.
    reports.push({ policy: name, level: "advisory", message: `can't run: ${error.message}` });
  }
}
