import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { PolicyConfigSchema } from "@pulumi/policy";
import type { PolicyRule } from "./rule.js";
import { rules } from "./rules/index.js";
import { settingsSchema } from "./settings.js";
import { UNSEEN_KINDS, UNSEEN_TYPES } from "./unseen.js";
import { WAIVABLE } from "./waivers.js";

/**
 * The pages of docs/rules, made of what the rules say about themselves: file name to text.
 * `npm run docs:rules` writes them; a test fails while they differ.
 */
export function rulePages(): Map<string, string> {
  return new Map([
    ["README.md", overview()],
    ...rules.map((rule): [string, string] => [`${rule.metadata.name}.md`, page(rule)]),
  ]);
}

function overview(): string {
  const rows = rules.map(
    ({ metadata: { name, displayName, enforcementLevel, severity }, ...rule }) =>
      cells([`[${name}](${name}.md)`, displayName, checked(rule), enforcementLevel, severity]),
  );
  return [
    "# The rules of the policy pack",
    "",
    GENERATED,
    "",
    cells(["rule", "says", "checks", "level", "severity"]),
    cells(Array<string>(5).fill("---")),
    ...rows,
    "",
    OVERVIEW,
    "## Settings",
    "",
    SETTINGS,
    cells(["setting", "type", "meaning"]),
    cells(Array<string>(3).fill("---")),
    ...settingRows(settingsSchema()),
    "",
    WAIVERS,
    cells(["policy", "its violations can be named by"]),
    cells(Array<string>(2).fill("---")),
    ...Object.entries(WAIVABLE).map(([policy, names]) =>
      cells([`\`${policy}\``, names.join(", ")]),
    ),
    "",
  ].join("\n");
}

function page({ metadata, why, example, ...rule }: PolicyRule): string {
  const { name, description, enforcementLevel, severity, tags, remediationSteps, url } = metadata;
  return [
    `# ${name}`,
    "",
    GENERATED,
    "",
    description,
    "",
    cells(["level", "severity", "checks", "tags"]),
    cells(Array<string>(4).fill("---")),
    cells([enforcementLevel, severity, checked(rule), tags.join(", ")]),
    "",
    `Framework: ${metadata.framework.name}, Istio ${metadata.framework.version}, ` +
      `${metadata.framework.specification}. See <${url}>.`,
    "",
    "## Why",
    "",
    why,
    "",
    "## What to do",
    "",
    remediationSteps,
    "",
    ...(example
      ? [...yaml("Reported", example.reported), ...yaml("As it should be", example.silent)]
      : []),
  ].join("\n");
}

function checked({ checkObject, checkStack }: Omit<PolicyRule, "metadata" | "why">): string {
  if (checkObject && checkStack) return "each object, and the stack";
  if (checkObject) return "each object, before it is created";
  return checkStack ? "the stack" : "the pack's settings";
}

function yaml(title: string, text: string): string[] {
  return [`## ${title}`, "", "```yaml", text.trimEnd(), "```", ""];
}

function cells(texts: readonly string[]): string {
  return `| ${texts.join(" | ")} |`;
}

type Setting = PolicyConfigSchema["properties"][string];

function settingRows(settings: Record<string, Setting>, prefix = ""): string[] {
  return Object.entries(settings).flatMap(([name, setting]) => {
    const nested = setting.type === "array" ? (setting.items as Setting) : setting;
    const isList = setting.type === "array";
    return [
      cells([`\`${prefix}${name}\``, typeOf(setting), setting.description ?? ""]),
      ...settingRows(
        (nested.properties ?? {}) as Record<string, Setting>,
        `${prefix}${name}${isList ? "[]" : ""}.`,
      ),
    ];
  });
}

function typeOf({ type, items, enum: values }: Setting): string {
  if (values) return values.map((value) => `\`${JSON.stringify(value)}\``).join(" or ");
  return type === "array" ? `list of ${typeOf(items as Setting)}s` : String(type ?? "text");
}

const GENERATED = "<!-- Written by `npm run docs:rules` out of policies/rules. -->";

const UNSEEN = `## What it can't see

No policy sees other stacks (name their aliases in \`externalHosts\`), nor what is changed in the
cluster by hand. What a resource does beside the objects that it shows can't be seen either, and
[egress-undecided-tls](egress-undecided-tls.md) reports each such resource of a stack that has objects in a
cluster:

${[
  ...UNSEEN_TYPES.map(({ examples }) => examples),
  `\`Chart\`, \`ConfigGroup\`, \`ConfigFile\` and \`Directory\` that show no object, for their content isn't known yet`,
  ...UNSEEN_KINDS.map(
    ({ group, kinds }) => `${kinds.map((kind) => `\`${kind}\``).join(", ")} of ${group}`,
  ),
  "a resource of any other provider that has an object of Istio or a Service, Endpoints or an EndpointSlice in its properties, as such or as YAML",
  "an object whose `apiVersion` or `kind` isn't known yet",
]
  .map((line) => `- ${line}`)
  .join("\n")}

Not reported, for nothing gives it away: other providers' resources that fetch what they apply (a folder, a
repository, a chart), and what the containers of the stack do.
`;

const OVERVIEW = `## Levels

Rules about the stack see all of it, and run when the engine has gone through it: the preview
is the gate, and \`pulumi up --skip-preview\` goes past it. Rules about each object run before
the object is created, in every command. A level can be changed in a configuration file:

\`\`\`json
{ "egress-undecided-tls": "mandatory", "egress-port-protocol": "disabled" }
\`\`\`

\`\`\`sh
pulumi preview --policy-pack <folder of the pack> --policy-pack-config <file>
\`\`\`

## Loading it

\`npm run build:pack\` writes the pack to \`policies/dist\`: a folder that needs nothing installed in it or
beside it, for a Pulumi program in any language. Load it from here, copy it anywhere, or publish it
(\`pulumi policy publish\` in that folder):

\`\`\`sh
pulumi preview --policy-pack <this repository>/policies/dist
\`\`\`

It starts beside the program, in a fifth of the time that an empty pack takes with the SDK's own
runner: neither TypeScript nor a provider's SDK is loaded into it.

## Clusters

Objects are judged together that may meet. Providers lead to one cluster where their kubeconfigs (paths,
contents, contexts and KUBECONFIG read as the provider reads them) have one server, or two with one
authority, and wherever it is unknown: a kubeconfig that isn't known in the preview or isn't on this machine,
a folder of YAML. An object that may be in several clusters is judged in each of them, and a finding names
the providers whose clusters nothing identifies. A \`clusterIdentifier\` on each provider says what can't be read.

${UNSEEN}`;

const SETTINGS = `All of them belong to \`egress-settings\`, for the engine lets a rule see no settings but its own:

\`\`\`json
{ "egress-settings": { "mesh": { "istioVersion": "1.29" }, "clusterCidrs": ["10.0.0.0/8"] } }
\`\`\`

What is known of the mesh needs no setting where the stack's own configuration has it: the pack reads
\`istio-egress:catalogue\` there, however Pulumi is run, and any program may have that key with
nothing but \`mesh\` in it. The catalogue holds, its defaults included: a setting that says otherwise is
refused, and \`clusterCidrs\` and \`externalHosts\` of both count.

\`\`\`yaml
config:
  istio-egress:catalogue: { mesh: { istioVersion: "1.29", clusterCidrs: ["10.0.0.0/8"] } }
\`\`\`

A pack of your own says them in code:

\`\`\`ts
import { EgressPolicyPack } from "istio-egress/policies";

new EgressPolicyPack({ mesh: { istioVersion: "1.29" }, clusterCidrs: ["10.0.0.0/8"] });
\`\`\`
`;

const WAIVERS = `### Waivers

A waiver covers a violation if everything that it names agrees: alias, rule, host. It covers the rules
about ISTIO_MUTUAL, or the one that \`policy\` names. After its last day it fails by itself.
`;

/** Writes the pages, and takes those of rules away that are gone. */
function write(folder: string): void {
  const pages = rulePages();
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(folder)) if (!pages.has(file)) rmSync(path.join(folder, file));
  for (const [file, text] of pages) writeFileSync(path.join(folder, file), text);
}

if (require.main === module) write(path.join(__dirname, "../docs/rules"));
