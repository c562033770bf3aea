import {
  EXEMPT_NAMESPACES,
  guardObjects,
  type GuardOptions,
} from "../../components/guard/objects.js";
import type { GuardParameters } from "../../components/guard/parameters.js";
import { DEFAULT_FACTS, type KubeObject } from "../../mesh/index.js";
import { eventually } from "../local/eventually.js";
import { DISABLE, MUTUAL, rule, tls } from "../mesh/objects.js";
import type { Admission, Answer } from "./admission.js";

/** A host that nothing has: guarded too, so that its refusal tells which state of the guard the API server goes by. */
const probeHost = (generation: number) => `generation-${generation}.probe.example`;

/** A guard in an API server, made of the objects that the component creates. */
export class GuardedCluster {
  #generation = 0;
  #installed: KubeObject[] = [];

  constructor(
    readonly admission: Admission,
    readonly options: GuardOptions = {
      name: "test-guard",
      validationActions: ["Deny"],
      exemptNamespaces: EXEMPT_NAMESPACES,
    },
  ) {}

  /** Brings the guard up, or changes what it goes by, and returns once the API server does. */
  async guard(parameters: Partial<GuardParameters>): Promise<void> {
    const { aliases = [], waivers = [], mesh = DEFAULT_FACTS } = parameters;
    const host = probeHost(++this.#generation);
    const externalHosts = [...mesh.externalHosts, host];
    const objects = this.#objects({ aliases, waivers, mesh: { ...mesh, externalHosts } });
    for (const object of objects) {
      const { spec } = object;
      const isThere = this.#installed.length > 0;
      const write = isThere
        ? this.admission.patch(object, { spec })
        : this.admission.create(object);
      expectDone(await write);
    }
    this.#installed = objects;
    const rule = probe({ host, ...tls(MUTUAL) });
    await eventually(async () => (await this.answerTo(rule)).said !== "" || undefined);
    expectDone(await this.admission.tryToCreate(probe({ host, ...tls(DISABLE) })));
  }

  /** What the guard says to an object that somebody would create. */
  async answerTo(
    object: KubeObject,
  ): Promise<{ isRefused: boolean; isAdmitted: boolean; said: string }> {
    const { status, message, warnings } = await this.admission.tryToCreate(object);
    const isOurs = (text: string) => text.includes(this.options.name);
    return {
      isRefused: status >= 300 && isOurs(message),
      // What is neither is refused by somebody else: istiod's own validation.
      isAdmitted: status < 300,
      said: [message, ...warnings].find(isOurs) ?? "",
    };
  }

  async remove(): Promise<void> {
    for (const object of this.#installed.reverse()) await this.admission.delete(object);
    this.#installed = [];
  }

  #objects(parameters: GuardParameters): KubeObject[] {
    const { rules, addresses } = guardObjects(this.options, parameters);
    return [rules, addresses].flatMap(({ name, policy, binding }) => [
      admissionObject("ValidatingAdmissionPolicy", name, policy),
      admissionObject("ValidatingAdmissionPolicyBinding", name, binding),
    ]);
  }
}

function admissionObject(kind: string, name: string, spec: object): KubeObject {
  return { apiVersion: "admissionregistration.k8s.io/v1", kind, metadata: { name }, spec };
}

function probe(spec: Record<string, unknown>): KubeObject {
  return rule("istio-system", "probe", spec);
}

function expectDone({ status, message }: Answer): void {
  if (status >= 300) throw new Error(`${status}: ${message}`);
}
