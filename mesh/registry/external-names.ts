import type { Registry } from "./registry.js";
import type { Service } from "./service.js";

/** Follows ExternalNames by their literal target, as istiod does; a loop ends nowhere. */
export function terminalOf(
  { registry }: { readonly registry: Registry },
  service: Service,
): string | undefined {
  const seen = new Set([service.host]);
  let target = service.externalName;
  while (target !== undefined) {
    const next = registry.of(target).find((same) => same.externalName !== undefined);
    if (!next) return target;
    if (seen.has(target)) return undefined;
    seen.add(target);
    target = next.externalName;
  }
  return undefined;
}
