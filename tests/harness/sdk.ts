import * as policySdk from "@pulumi/policy";
import * as proxies from "@pulumi/policy/proxy";

/**
 * The policy SDK's own view of a preview. The SDK exports both functions for tests of policies, but
 * marks their module as internal, so its types are empty; they are written down here.
 */
interface PreviewProxies {
  /** Wraps properties as the SDK does: reading a value that isn't known throws. */
  unknownCheckingProxy: <T>(properties: T) => T;
  /** What it throws. */
  UnknownValueError: new (placeholder: string, path: string[]) => Error;
}

export const { unknownCheckingProxy, UnknownValueError } = policySdk as unknown as PreviewProxies;

type Placeholders = {
  unknownBooleanValue: string;
  unknownNumberValue: string;
  unknownStringValue: string;
  unknownArrayValue: string;
  unknownObjectValue: string;
  unknownAssetValue: string;
  unknownArchiveValue: string;
};

/** What the engine sends where a value isn't known, by the type of the value. */
export const placeholders = proxies as unknown as Placeholders;

/** What the engine sends where a string isn't known; the one that a program's outputs become. */
export const unknown = placeholders.unknownStringValue;
