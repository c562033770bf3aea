import type { Rule } from "../rule.js";
import { disallowIstioMutual } from "./disallow-istio-mutual.js";
import { settings } from "./settings.js";

/** Every rule of the pack, in the order in which they run: the settings first, for they are the others'. */
export const rules: readonly Rule[] = [settings, disallowIstioMutual];
