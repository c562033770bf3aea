import { judge, readMesh } from "../../mesh/index.js";
import { aliasOf, fullHost } from "../hosts.js";
import {
  type Circumstances,
  type ObjectCheck,
  type Remedy,
  type PolicyRule,
  framework,
  ISTIO_TASK,
} from "../rule.js";
import { meshFacts } from "../settings.js";
import { type StackObject, fullName, refOf } from "../stack-object.js";
import { tlsSettings } from "../tls-settings.js";
import { type Waivable, covers, waiverOf } from "../waivers.js";
import { entry, listed, nameOf } from "../wording.js";

const NAME = "egress-disallow-istio-mutual-external-host";

const checkObject: ObjectCheck = (seen, circumstances) => {
  const { settings } = circumstances;
  const host = fullHost(seen.object, settings);
  if (seen.object.kind !== "DestinationRule" || host === undefined) return [];
  if (!isExternal(host, settings.externalHosts)) return [];
  const alone = readMesh([seen.object], meshFacts(settings));
  if (!judge(alone).some(({ verdict }) => verdict === "violation")) return [];
  return [
    {
      message: [
        entry(
          nameOf(seen),
          `Istio's mutual TLS is declared for ${host}, which is outside the mesh`,
        ),
        entry("at", listed(mutual(seen).map(({ path }) => path))),
        entry("instead", "mode DISABLE, or SIMPLE with sni and subjectAltNames"),
      ].join("\n"),
      about: aboutOf(seen, circumstances),
    },
  ];
};

/** One rule by itself already declares Istio's mutual TLS for a host that the settings name. */
export const disallowIstioMutualExternalHost: PolicyRule = {
  metadata: {
    name: NAME,
    displayName: "No Istio mutual TLS for known external hosts",
    description: "A rule must not declare Istio's mutual TLS for a host known to be outside.",
    enforcementLevel: "mandatory",
    severity: "high",
    framework: framework("TLS settings for external services"),
    tags: ["istio", "tls", "destination-rule"],
    remediationSteps:
      "Set tls.mode to DISABLE or SIMPLE. With level remediate and the setting remediation, the pack " +
      "writes what you decided for the host.",
    url: ISTIO_TASK,
  },
  why: `A rule about the whole stack runs when the engine has gone through it: in \`up\` that is
after the change. What one DestinationRule decides by itself is refused before it is created: Istio's
mutual TLS for a host that the setting externalHosts names. Wildcards that cover more than such hosts
are left to egress-disallow-istio-mutual, which knows what else the stack says.

With the level \`remediate\` the pack corrects the rules of the hosts that the setting remediation
names: to SIMPLE with the names that you give, to DISABLE only if a waiver says DISABLE for the host,
for it turns a loud failure into plaintext.`,
  checkObject,
  remedies,
};

/** A host that is external as a whole: exact, or a wildcard that covers external hosts alone. */
function isExternal(host: string, externalHosts: readonly string[]): boolean {
  return externalHosts.some((pattern) => host === pattern || covers(pattern, host));
}

/** What waivers can name a rule's violation by. */
function aboutOf(seen: StackObject, { settings }: Circumstances): Omit<Waivable, "policy"> {
  const rule = fullName(refOf(seen));
  const host = fullHost(seen.object, settings);
  if (host === undefined) return { rule };
  const alias = aliasOf(host, settings);
  return { rule, host, ...(alias && { alias }) };
}

function mutual({ object }: StackObject) {
  return tlsSettings(object).filter(({ mode }) => mode === "ISTIO_MUTUAL");
}

/** What the settings say to write in place of ISTIO_MUTUAL. */
function remedies(seen: StackObject, circumstances: Circumstances): Remedy[] {
  const { settings, now } = circumstances;
  if (seen.object.kind !== "DestinationRule") return [];
  const written = (seen.object.spec as { host?: unknown } | undefined)?.host;
  const host = fullHost(seen.object, settings);
  const remedy = settings.remediation.find(
    (candidate) => candidate.host === written || covers(candidate.host, host),
  );
  if (!remedy) return [];
  const { mode, sni, subjectAltNames } = remedy;
  if (mode === "DISABLE") {
    const waiver = waiverOf(
      settings.waivers.filter((w) => w.mode === "DISABLE"),
      { policy: NAME, ...aboutOf(seen, circumstances) },
      now,
    );
    if (!waiver) return [];
  }
  const tls = {
    mode,
    ...(sni === undefined ? {} : { sni }),
    ...(subjectAltNames === undefined ? {} : { subjectAltNames }),
  };
  return mutual(seen).map(({ holder }) => ({ holder, field: "tls", value: tls }));
}
