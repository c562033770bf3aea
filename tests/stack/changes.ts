import { readFileSync } from "node:fs";
import path from "node:path";
import { TeamClone } from "./teamClone.js";

/** The stack of the team that the changes are proposed to. */
export const STACK = "Pulumi.staging.yaml";

/** An alias without a rule, beside the catalogue. */
const ALIAS = `
import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource.js";
import { Endpoints } from "@pulumi/kubernetes/core/v1/endpoints.js";
import { Service } from "@pulumi/kubernetes/core/v1/service.js";
const metadata = { name: "extra", namespace: "default" };
const ports = [{ name: "tls", port: 443 }];
new Service("extra", { metadata, spec: { ports } });
new Endpoints("extra", { metadata, subsets: [{ addresses: [{ ip: "192.0.2.7" }], ports }] });`;

/** A rule for it. */
function rule(name: string, mode: string): string {
  return `
new CustomResource("${name}", {
  apiVersion: "networking.istio.io/v1",
  kind: "DestinationRule",
  metadata: { name: "${name}", namespace: "default" },
  spec: { host: "extra.default.svc.cluster.local", trafficPolicy: { tls: { mode: "${mode}" } } },
});`;
}

/** What a request changes in one file, and what must come of it. */
export interface Change {
  title: string;
  file: string;
  change: (text: string) => string;
  /** @default the team's */
  backend?: string;
  /** Of the preview. */
  exitCode: number;
  /** What the report says. */
  says: RegExp[];
}

export const CLEAN: Change = {
  title: "let a clean change pass, and tell what it does",
  file: STACK,
  change: (text) => text.replaceAll("198.35.26.96", "192.0.2.9"),
  exitCode: 0,
  says: [/EndpointSlice/, /my-wikipedia/],
};

export const VIOLATING: Change = {
  title: "stop a change that sends mutual TLS outside",
  file: "index.ts",
  change: (text) => text + ALIAS + rule("one", "ISTIO_MUTUAL"),
  exitCode: 1,
  says: [/egress-disallow-istio-mutual/, /default\/extra/, /DISABLE/],
};

/** One of each kind. */
export const CHANGES: Change[] = [
  CLEAN,
  VIOLATING,
  {
    title: "stop a change that nobody can judge",
    file: "index.ts",
    change: (text) => text + ALIAS + rule("one", "ISTIO_MUTUAL") + rule("two", "DISABLE"),
    exitCode: 3,
    says: [/undecided/i, /default\/extra/],
  },
  {
    title: "stop a program that is broken, and show what it says",
    file: "index.ts",
    change: (text) => `import "./not-there.js";\n${text}`,
    exitCode: 2,
    says: [/Cannot find module '\.\/not-there\.js'/],
  },
  {
    title: "stop where the backend can't be reached, and say so",
    file: STACK,
    change: (text) => text,
    backend: "postgres://nobody:nothing@127.0.0.1:1/states?sslmode=disable",
    exitCode: 2,
    says: [/127\.0\.0\.1:1/],
  },
];

/** A clone on the merge commit of a request that changes one file of the team's. */
export async function requestTo(team: TeamClone, { file, change }: Change): Promise<TeamClone> {
  const clone = await TeamClone.make(["staging"]);
  clone.edit(STACK, () => readFileSync(path.join(team.clone, STACK), "utf8"));
  await clone.commit("The base, with the stack's salt");
  clone.edit(file, change);
  await clone.done("git commit --quiet --all --allow-empty --message='The change'");
  return clone;
}
