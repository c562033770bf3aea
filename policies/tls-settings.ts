import { type KubeObject, items } from "../mesh/index.js";
import { map, optionalText } from "./fields.js";

/** One `tls` of a DestinationRule. */
export interface TlsSettings {
  /** Where it stands: `spec.subsets[0].trafficPolicy.tls`. */
  path: string;
  /** The field's holder, by which it can be replaced. */
  holder: readonly (string | number)[];
  tls: Record<string, unknown>;
  /** Undefined where it isn't one of the known modes, or isn't known. */
  mode: string | undefined;
}

/** Every `tls` of a DestinationRule: at the top, for ports, in subsets, for ports of subsets. */
export function tlsSettings({ spec }: KubeObject): TlsSettings[] {
  const { trafficPolicy, subsets } = map(spec);
  return [
    ...ofPolicy(trafficPolicy, ["spec", "trafficPolicy"]),
    ...items(subsets).flatMap((subset, index) =>
      ofPolicy(map(subset).trafficPolicy, ["spec", "subsets", index, "trafficPolicy"]),
    ),
  ];
}

function ofPolicy(policy: unknown, path: readonly (string | number)[]): TlsSettings[] {
  const { tls, portLevelSettings } = map(policy);
  return [
    ...one(tls, path),
    ...items(portLevelSettings).flatMap((settings, index) =>
      one(map(settings).tls, [...path, "portLevelSettings", index]),
    ),
  ];
}

function one(tls: unknown, holder: readonly (string | number)[]): TlsSettings[] {
  if (typeof tls !== "object" || tls === null) return [];
  const fields = map(tls);
  return [{ path: `${written(holder)}.tls`, holder, tls: fields, mode: optionalText(fields.mode) }];
}

function written(path: readonly (string | number)[]): string {
  return path.reduce<string>(
    (text, step) =>
      typeof step === "number" ? `${text}[${step}]` : text ? `${text}.${step}` : step,
    "",
  );
}
