import { join } from "node:path";
import type { Probe } from "./health.js";

/** The parts of an embedded mesh, in the order in which they need each other. */
export const PART_NAMES = [
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kwok",
  "istiod",
] as const;

export type PartName = (typeof PART_NAMES)[number];

/** One program of the embedded mesh: how it is started, and how to see that it works. */
export interface Part {
  name: PartName;
  /** The executable's path and its arguments. */
  command: string[];
  /** The whole environment: nothing of the user's shell reaches a part. */
  environment: Record<string, string>;
  health: Probe;
}

/** What each part listens with, each on a port of its own. */
export const PORTS_OF = {
  etcd: ["etcd"],
  "kube-apiserver": ["apiServer"],
  "kube-controller-manager": ["controllerManager"],
  "kube-scheduler": ["scheduler"],
  kwok: ["kwok"],
  istiod: [
    /** Readiness and `/debug`, plain HTTP. */
    "istiodHttp",
    /** xDS, plain gRPC. */
    "istiodGrpc",
    /** xDS and certificates for real sidecars, gRPC over TLS. */
    "istiodSecureGrpc",
    /** The injection and validation webhooks, HTTPS. */
    "istiodWebhook",
    "istiodMonitoring",
  ],
} as const satisfies Record<PartName, readonly string[]>;

export const PORT_NAMES = PART_NAMES.flatMap((part) => PORTS_OF[part]);

/** The ports of a plane, all on the loopback address. */
export type Ports = Record<(typeof PORT_NAMES)[number], number>;

/** Where a plane keeps things below its state folder; nothing is read or written. */
export function planeFiles(stateDir: string) {
  return {
    /** What the plane is made of ({@link Part}s and {@link Ports}). */
    record: join(stateDir, "plane.json"),
    credentials: join(stateDir, "credentials"),
    etcd: join(stateDir, "etcd"),
    log: (part: string) => join(stateDir, "logs", `${part}.log`),
    /** A part's working directory, for whatever it wants to write. */
    home: (part: PartName) => join(stateDir, "home", part),
  };
}
