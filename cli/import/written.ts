import type { ObjectRef } from "../../mesh/index.js";

/** An alias as it is written in a catalogue: without what is the default anyway. */
export interface WrittenAlias {
  name: string;
  namespace: string;
  externalName?: string;
  addresses?: string[];
  endpointsApi?: "EndpointSlice";
  ports: WrittenPort[];
  tls: WrittenTls;
  exportTo?: unknown;
}

/** What isn't known to be in the shape of a catalogue's is checked with the whole. */
export interface WrittenPort {
  name?: unknown;
  port?: unknown;
  targetPort?: unknown;
  protocol?: unknown;
}

export interface WrittenTls {
  mode: string;
  [key: string]: unknown;
}

/** Why something isn't imported. */
export interface LeftOut {
  object: ObjectRef;
  /** A sentence without its subject and its full stop. */
  reason: string;
  /** Whether a client sends it Istio's own mutual TLS today. */
  isViolation: boolean;
}

/** Thrown where a catalogue has no words for an alias. */
export class Unsayable extends Error {
  /** @param message a sentence whose subject is the alias's Service, without its full stop */
  constructor(
    message: string,
    readonly isViolation = false,
  ) {
    super(message);
  }
}

/** Takes a step with each of several aliases; those for which it throws {@link Unsayable} are left out. */
export function sift<One extends { object: ObjectRef }, Result>(
  all: readonly One[],
  leftOut: LeftOut[],
  step: (one: One) => Result,
): Result[] {
  return all.flatMap((one) => {
    try {
      return [step(one)];
    } catch (error) {
      if (!(error instanceof Unsayable)) throw error;
      const { message: reason, isViolation } = error;
      leftOut.push({ object: one.object, reason, isViolation });
      return [];
    }
  });
}
