import { isBefore } from "../input/istio-version.js";
import { type MeshFacts, NEWEST_VERSION } from "../input/mesh-facts.js";

/** Minor versions whose istiod the model was compared with: itself, or a newer one in its compatibility profile. */
const COMPARED: readonly number[] = [22, 25, 26, 27, 28, 29, 30, 31];
/** Those that are judged by what their releases' sources say. */
const BY_SOURCE: readonly number[] = [20, 21, 23, 24];
/** Of these, those with whose releases the model was compared, in a run that no test repeats. */
const COMPARED_ONCE: readonly number[] = [21, 23, 24];

/**
 * Says of a version of Istio why what is said of it is less sure; undefined where an istiod was compared
 * (docs/versions.md).
 */
export function unprovenVersion({
  istioVersion,
}: Pick<MeshFacts, "istioVersion">): string | undefined {
  const is = (minor: number) =>
    !isBefore(minor, { istioVersion }) && isBefore(minor + 1, { istioVersion });
  if (COMPARED.some(is)) return undefined;
  if (BY_SOURCE.some(is)) {
    const how = COMPARED_ONCE.some(is)
      ? "the model was compared with a release of that version once, and no test repeats it"
      : "no istiod of that version was compared with the model";
    return `Istio ${istioVersion} is judged by its source; ${how}`;
  }
  return isBefore(20, { istioVersion })
    ? `nothing was compared with Istio ${istioVersion}; it is judged as 1.20 is, as far as its notes say`
    : `nothing was compared with Istio ${istioVersion}; it is judged as ${NEWEST_VERSION} is`;
}
