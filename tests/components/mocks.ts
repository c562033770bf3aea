/** Runs a Pulumi program without an engine and tells what it registered. */
import { runtime } from "@pulumi/pulumi";

/** What stands in inputs where a preview can't know a value. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** One resource as the engine would hear of it. */
export interface Registration {
  type: string;
  name: string;
  urn: string;
  /** Name of the parent; undefined at the top. */
  parent?: string;
  /** Name of its provider; undefined for the default one. */
  provider?: string;
  /** Names of the resources that it waits for. */
  dependsOn: string[];
  /** URNs under which the engine looks for it in the state if its own isn't there, in this order. */
  aliases: string[];
  /** Exactly what would be sent: a key that isn't here isn't sent. */
  inputs: Record<string, unknown>;
  /** What a component registered as its outputs; undefined until it did. */
  outputs?: Record<string, unknown>;
}

export interface MockOptions {
  /** Whether it is a preview: what a mocked resource doesn't tell is unknown then. @default false */
  preview?: boolean;
  /** @default "dev" */
  stack?: string;
  /** Configuration by full key. @default {} */
  config?: Record<string, string>;
  /** What the cluster adds to a resource's inputs. @default nothing */
  outputs?: (type: string, inputs: Record<string, unknown>) => Record<string, unknown>;
  /** Milliseconds after which a program that doesn't come to rest has failed. @default 5000 */
  patience?: number;
}

/** The parts of the mocked monitor's requests that tests look at. */
interface Request {
  getType(): string;
  getName(): string;
  getParent(): string;
  getProvider(): string;
  getDependenciesList(): string[];
  getAliasesList(): AliasRequest[];
  getObject(): { toJavaScript(): Record<string, unknown> };
}
interface AliasRequest {
  getUrn(): string;
  getSpec(): { getName(): string; getType(): string; getParenturn(): string } | undefined;
}
interface OutputsRequest {
  getUrn(): string;
  getOutputs(): { toJavaScript(): Record<string, unknown> };
}
type Call<Message, Response = unknown> = (
  request: Message,
  callback: (error: Error | null, response?: Response) => void,
) => void;
interface Monitor {
  registerResource: Call<Request, { getUrn(): string }>;
  registerResourceOutputs: Call<OutputsRequest>;
}

/** Runs a program to its end under mocks. */
export async function run<Result>(
  program: () => Result | Promise<Result>,
  options: MockOptions = {},
): Promise<{ result: Result; registrations: Registration[] }> {
  const { preview = false, stack = "dev", config = {}, outputs = () => ({}) } = options;
  await runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => ({
        id: `${name}-id`,
        state: { ...(inputs as object), ...outputs(type, inputs as Record<string, unknown>) },
      }),
      call: ({ token }) => {
        throw new Error(`nothing here calls ${token}`);
      },
    },
    "istio-egress",
    stack,
    preview,
  );
  runtime.setAllConfig(config);
  const registrations = record(runtime.getMonitor() as unknown as Monitor);
  const result = await program();
  await atRest(registrations, options.patience ?? 5000);
  return { result, registrations };
}

/** Listens to a monitor. */
function record(monitor: Monitor): Registration[] {
  const registrations: Registration[] = [];
  const nameOf = (urn: string) => registrations.find((known) => known.urn === urn)?.name ?? urn;
  const { registerResource, registerResourceOutputs } = monitor;
  monitor.registerResource = (request, callback) =>
    registerResource.call(monitor, request, (error, response) => {
      if (response) {
        registrations.push({
          type: request.getType(),
          name: request.getName(),
          urn: response.getUrn(),
          parent: request.getParent() ? nameOf(request.getParent()) : undefined,
          provider: request.getProvider().split("::").at(-2),
          dependsOn: request.getDependenciesList().map(nameOf).sort(),
          aliases: request.getAliasesList().map((alias) => aliasUrn(alias, response.getUrn())),
          inputs: request.getObject().toJavaScript(),
        });
      }
      callback(error, response);
    });
  monitor.registerResourceOutputs = (request, callback) => {
    const known = registrations.find(({ urn }) => urn === request.getUrn());
    if (known) known.outputs = request.getOutputs().toJavaScript();
    registerResourceOutputs.call(monitor, request, callback);
  };
  return registrations;
}

/** What an alias stands for, as the engine completes it from the URN of the resource that has it. */
function aliasUrn(alias: AliasRequest, urn: string): string {
  const spec = alias.getSpec();
  if (!spec) return alias.getUrn();
  const [stack, project, qualifiedType = "", ...ownName] = urn.split("::");
  const [, , parent = ""] = spec.getParenturn().split("::");
  const type = spec.getType() || qualifiedType.split("$").at(-1);
  const name = spec.getName() || ownName.join("::");
  return [stack, project, parent ? `${parent}$${type}` : type, name].join("::");
}

/** Resolves when nothing is under way any more. */
async function atRest(registrations: readonly Registration[], patience: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const seen = registrations.map(({ name }) => name).join(", ") || "nothing";
      reject(new Error(`not at rest after ${patience} ms; registered so far: ${seen}`));
    }, patience);
  });
  try {
    await Promise.race([runtime.disconnect(), tooLong]);
  } finally {
    clearTimeout(timer);
  }
}

/** The one registration of a name and kind (the last word of its type token). */
export function find(registrations: readonly Registration[], kind: string, name?: string) {
  const found = registrations.filter(
    (registration) =>
      registration.type.split(":").at(-1) === kind &&
      (name === undefined || registration.name === name),
  );
  if (found.length !== 1) {
    const seen = registrations.map(({ type, name }) => `${type} ${name}`).join("\n  ");
    throw new Error(`${found.length} registrations of ${kind} ${name ?? ""} among\n  ${seen}`);
  }
  return found[0]!;
}
