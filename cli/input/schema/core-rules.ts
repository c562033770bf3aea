import ipaddr from "ipaddr.js";
import { isPlain, text } from "../../../mesh/index.js";
import { type Fault, faultAt as fault } from "../fault.js";
import type { Path } from "../json-text.js";

type Fields = Record<string, unknown>;

/** What the API server's validation says of a kind, beyond its schema. */
const RULES: Record<string, (object: Fields) => Fault | undefined> = {
  Service: serviceFault,
  Endpoints: endpointsFault,
  EndpointSlice: sliceFault,
};

/** The first of Kubernetes' own rules that an object breaks whose fields have the right types. */
export function coreRuleFault(object: { kind: string }): Fault | undefined {
  return RULES[object.kind]?.(object);
}

function serviceFault({ spec }: Fields): Fault | undefined {
  if (!isPlain(spec)) return undefined;
  const { type, externalName, clusterIP } = spec;
  const name = typeof externalName === "string" ? externalName : "";
  if (type === "ExternalName") {
    if (name === "") return fault(["spec"], spec, "externalName is missing");
    if (!isHost(name.replace(/\.$/, ""))) {
      return fault(
        ["spec", "externalName"],
        name,
        `${quoted(name)} isn't a host; write one such as api.example.org, in lower-case letters`,
      );
    }
  }
  if (
    typeof clusterIP === "string" &&
    !["", "None"].includes(clusterIP) &&
    !ipaddr.isValid(clusterIP)
  ) {
    return fault(
      ["spec", "clusterIP"],
      clusterIP,
      `${quoted(clusterIP)} is no address; write one, or None`,
    );
  }
  return portsFault(spec.ports, ["spec", "ports"], true);
}

function endpointsFault({ subsets }: Fields): Fault | undefined {
  return first(subsets, ["subsets"], (subset, path) => {
    const lists = ["addresses", "notReadyAddresses"];
    const wrong = lists.map((list) =>
      first(subset[list], [...path, list], ({ ip }, at) => addressFault(ip, [...at, "ip"])),
    );
    return wrong.find(Boolean) ?? portsFault(subset.ports, [...path, "ports"], true);
  });
}

const MOST_ADDRESSES = 100;

function sliceFault({ addressType, endpoints, ports }: Fields): Fault | undefined {
  const wrong = first(endpoints, ["endpoints"], ({ addresses }, path) => {
    const at = [...path, "addresses"];
    const list = Array.isArray(addresses) ? (addresses as unknown[]) : [];
    if (list.length === 0 || list.length > MOST_ADDRESSES) {
      return fault(
        at,
        addresses ?? null,
        `expected 1 to ${MOST_ADDRESSES} addresses, found ${list.length}`,
      );
    }
    for (const [index, address] of list.entries()) {
      const found = sliceAddressFault(address, addressType, [...at, index]);
      if (found) return found;
    }
    return undefined;
  });
  return wrong ?? portsFault(ports, ["ports"], false);
}

function sliceAddressFault(address: unknown, type: unknown, path: Path): Fault | undefined {
  if (type === "FQDN") {
    return isHost(String(address))
      ? undefined
      : fault(path, address, `${quoted(address)} isn't a host`);
  }
  const wrong = addressFault(address, path);
  if (wrong) return wrong;
  const kind = ipaddr.parse(String(address)).kind() === "ipv4" ? "IPv4" : "IPv6";
  return kind === type
    ? undefined
    : fault(path, address, `${quoted(address)} isn't of the slice's addressType ${String(type)}`);
}

/** Addresses that lead to whoever connects, or nowhere, are nobody's endpoint. */
const NO_ENDPOINT = new Map([
  ["unspecified", "the unspecified address"],
  ["loopback", "a loopback address"],
  ["linkLocal", "a link-local address"],
]);

function addressFault(address: unknown, path: Path): Fault | undefined {
  if (typeof address !== "string" || !isWholeAddress(address)) {
    return fault(
      path,
      address ?? null,
      `${quoted(address)} is no address; write one such as 192.0.2.1`,
    );
  }
  const why = rangeOf(address);
  return why === undefined
    ? undefined
    : fault(path, address, `${address} is ${why}, which can't be an endpoint`);
}

function rangeOf(address: string): string | undefined {
  const parsed = ipaddr.process(address);
  const range = parsed.range();
  // 0.0.0.0 alone is unspecified, not its whole network.
  if (range === "unspecified" && !["0.0.0.0", "::"].includes(parsed.toString())) return undefined;
  return NO_ENDPOINT.get(range);
}

/** Not the short forms of IPv4 that some libraries read. */
function isWholeAddress(address: string): boolean {
  return (
    ipaddr.IPv4.isValidFourPartDecimal(address) ||
    (address.includes(":") && ipaddr.IPv6.isValid(address) && !address.includes("%"))
  );
}

const PORT_NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** @param isNamed whether each of several ports needs a name */
function portsFault(ports: unknown, path: Path, isNamed: boolean): Fault | undefined {
  const names = new Set<unknown>();
  const numbers = new Set<string>();
  const count = Array.isArray(ports) ? ports.length : 0;
  return first(ports, path, (item, at) => {
    const { name = "", protocol = "TCP", port, targetPort } = item;
    for (const [key, value] of Object.entries({ port, targetPort })) {
      if (typeof value === "number" && (value < 1 || value > 65_535)) {
        return fault([...at, key], value, `${value} is no port; write one from 1 to 65535`);
      }
    }
    if (name === "" || name === null) {
      return isNamed && count > 1
        ? fault(at, item, "name is missing, which each of several ports needs")
        : undefined;
    }
    if (!PORT_NAME.test(text(name))) {
      return fault(
        [...at, "name"],
        name,
        `${quoted(name)} isn't a port's name; write lower-case letters, digits and "-"`,
      );
    }
    if (names.has(name))
      return fault([...at, "name"], name, `another port has the name ${quoted(name)} too`);
    names.add(name);
    const both = `${text(protocol)} ${String(port)}`;
    if (isNamed && path[0] === "spec" && numbers.has(both))
      return fault([...at, "port"], port, `another port is ${both} too`);
    numbers.add(both);
    return undefined;
  });
}

/** The first fault of a list's items. */
function first(
  list: unknown,
  path: Path,
  check: (item: Fields, path: Path) => Fault | undefined,
): Fault | undefined {
  if (!Array.isArray(list)) return undefined;
  for (const [index, item] of (list as unknown[]).entries()) {
    const found = isPlain(item) ? check(item, [...path, index]) : undefined;
    if (found) return found;
  }
  return undefined;
}

const HOST = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

function isHost(text: string): boolean {
  return text.length <= 253 && HOST.test(text);
}

function quoted(value: unknown): string {
  return JSON.stringify(value ?? null);
}
