/**
 * v1alpha3, v1beta1 and v1 have one schema. This is the one that the task writes and that every
 * Istio a catalogue can name serves (v1 came with 1.22).
 */
export const ISTIO_API_VERSION = "networking.istio.io/v1alpha3";
