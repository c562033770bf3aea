import { CATALOGUE_KEY } from "../catalogue/catalogue.js";
import type { Config } from "../local/stack-file.js";
import {
  MESH_VERSIONS,
  OLDER_ISTIO_VERSIONS,
  type OlderIstioVersion,
} from "../local/toolchain/parts.js";
import { isPlain } from "../mesh/index.js";

/**
 * A stack's configuration on the embedded mesh: an older release than the pinned one is the mesh's version
 * there, whatever the stack was written for.
 */
export function onEmbedded(config: Config, istio: string): Config {
  const catalogue = config[CATALOGUE_KEY];
  if (!isOlder(istio) || !isPlain(catalogue)) return config;
  const { mesh } = catalogue;
  // A mesh that is no object stays, to be refused.
  if (mesh !== undefined && mesh !== null && !isPlain(mesh)) return config;
  const istioVersion = MESH_VERSIONS[istio];
  return { ...config, [CATALOGUE_KEY]: { ...catalogue, mesh: { ...mesh, istioVersion } } };
}

function isOlder(istio: string): istio is OlderIstioVersion {
  return (OLDER_ISTIO_VERSIONS as readonly string[]).includes(istio);
}
