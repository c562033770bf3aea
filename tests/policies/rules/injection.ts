/**
 * Which labels get a Pod a sidecar: what the selectors of Istio's injection webhooks say together.
 * The rule is held to it, and so is the embedded mesh.
 */
export interface Injection {
  namespace: Record<string, string>;
  pod: Record<string, string>;
  injected: boolean;
}

const ASKED = { "sidecar.istio.io/inject": "true" };
const DECLINED = { "sidecar.istio.io/inject": "false" };
const REVISION = { "istio.io/rev": "default" };
const DISABLED = { "istio-injection": "disabled" };

export const INJECTIONS: readonly Injection[] = [
  { namespace: {}, pod: {}, injected: false },
  { namespace: {}, pod: ASKED, injected: true },
  { namespace: {}, pod: REVISION, injected: true },
  { namespace: {}, pod: { ...REVISION, ...ASKED }, injected: true },
  { namespace: {}, pod: { ...REVISION, ...DECLINED }, injected: false },
  { namespace: { "istio-injection": "enabled" }, pod: {}, injected: true },
  { namespace: REVISION, pod: {}, injected: true },
  { namespace: { ...REVISION, ...DISABLED }, pod: {}, injected: false },
  { namespace: DISABLED, pod: ASKED, injected: false },
  { namespace: DISABLED, pod: REVISION, injected: false },
  { namespace: { "istio-injection": "off" }, pod: ASKED, injected: false },
];

/** `istio-injection: disabled; sidecar.istio.io/inject: true`, for a test's name. */
export function labelsIn({ namespace, pod }: Injection): string {
  const said = (labels: Record<string, string>) =>
    Object.entries(labels)
      .map(([label, value]) => `${label}: ${value}`)
      .join(", ") || "no label";
  return `a namespace with ${said(namespace)} and a Pod with ${said(pod)}`;
}
