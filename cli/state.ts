import path from "node:path";
import { REPOSITORY } from "../local/toolchain/cache.js";

/** The ignored folder of this checkout that holds the embedded mesh and its engine's state. */
export const STATE = path.join(REPOSITORY, ".state");
export const PLANE_STATE = path.join(STATE, "plane");
export const ENGINE_STATE = path.join(STATE, "engine");
/** What else begins with this name is the lock's, too. */
export const STATE_LOCK = path.join(STATE, "lock");
