import { type Client, type Mesh, defaultClients } from "../mesh/index.js";
import type { ResolvedSettings } from "./settings.js";

/**
 * Stands for every namespace that the stack doesn't show: most clusters have others, and what such
 * a client follows isn't what the clients beside the alias do. No real namespace has this name.
 */
export const ANY_OTHER: Client = { namespace: "any other namespace" };

/**
 * The callers to judge for: those that the stack shows, the namespaces that it exports something to,
 * those that the settings name, and any other namespace.
 */
export function clientsOf(mesh: Mesh, settings: ResolvedSettings): Client[] {
  const shown = defaultClients(mesh);
  const known = new Set([...shown, ...settings.clients].map(({ namespace }) => namespace));
  const exportedTo = [...mesh.rules, ...mesh.services]
    .flatMap(({ exportTo }) => exportTo)
    .filter((namespace) => !["*", ".", "~"].includes(namespace) && !known.has(namespace));
  const named = [...new Set(exportedTo)].sort().map((namespace) => ({ namespace }));
  return [...shown, ...named, ...settings.clients, ANY_OTHER];
}
