import type { PolicyRule } from "../rule.js";
import { call } from "./call.js";
import { disallowIstioMutual } from "./disallow-istio-mutual.js";
import { disallowIstioMutualExternalHost } from "./disallow-istio-mutual-external-host.js";
import { externalAddress } from "./external-address.js";
import { inertRule } from "./inert-rule.js";
import { oneObjectOneResource } from "./one-object-one-resource.js";
import { originationVerifiesServer } from "./origination-verifies-server.js";
import { outsideNamespaceInjection } from "./outside-namespace-injection.js";
import { portProtocol } from "./port-protocol.js";
import { settings } from "./settings.js";
import { shadowedRule } from "./shadowed-rule.js";
import { undecidedTls } from "./undecided-tls.js";
import { unprovenVersionRule } from "./unproven-version.js";

/** Every rule of the pack, in the order in which they run: the settings first, for they are the others'. */
export const rules: readonly PolicyRule[] = [
  settings,
  disallowIstioMutual,
  disallowIstioMutualExternalHost,
  undecidedTls,
  oneObjectOneResource,
  inertRule,
  shadowedRule,
  call,
  originationVerifiesServer,
  externalAddress,
  portProtocol,
  outsideNamespaceInjection,
  unprovenVersionRule,
];
