/**
 * What a posture of many objects costs: `npm run bench:posture -- [objects] [namespaces]`. For each shape of
 * aliases it prints the rows, the processor's time in user mode, how that grows when the objects double, and the memory.
 */
import { loadavg } from "node:os";
import { postureOf } from "../../cli/posture/posture.js";
import type { KubeObject } from "../../mesh/index.js";
import { endpoints, HTTPS, IM, OFF, rule, service, serviceEntry } from "../mesh/objects.js";

/** An alias by its host. */
type Shape = (namespace: string, name: string, ip: string) => [host: string, KubeObject[]];

const entry = (namespace: string, name: string, port: object, more: object) => {
  const host = `${name}.example.org`;
  const spec = { hosts: [host], location: "MESH_EXTERNAL", ports: [port], ...more };
  return [host, [serviceEntry(namespace, name, spec)]] as [string, KubeObject[]];
};

export const SHAPES: Readonly<Record<string, Shape>> = {
  "Services with addresses": (namespace, name, ip) => [
    `${name}.${namespace}.svc.cluster.local`,
    [service(namespace, name, { ports: [HTTPS] }), endpoints(namespace, name, { ip })],
  ],
  "ServiceEntries, looked up": (namespace, name) =>
    entry(namespace, name, { number: 443, name: "tls", protocol: "TLS" }, { resolution: "DNS" }),
  "ServiceEntries on one TCP port": (namespace, name, address) =>
    entry(
      namespace,
      name,
      { number: 5432, name: "tcp", protocol: "TCP" },
      { resolution: "STATIC", endpoints: [{ address }] },
    ),
};

/** At least so many objects: aliases over some namespaces, each with a rule, of which one in a hundred is wrong. */
export function manyAliases(shape: Shape, count: number, namespaces: number): KubeObject[] {
  const objects: KubeObject[] = [];
  for (let index = 0; objects.length < count; index++) {
    const [namespace, name] = [`team-${index % namespaces}`, `alias-${index}`];
    const ip = `198.${18 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`;
    const [host, alias] = shape(namespace, name, ip);
    objects.push(...alias, rule(namespace, name, { host, ...(index % 100 === 1 ? IM : OFF) }));
  }
  return objects;
}

function userSeconds(objects: readonly KubeObject[]): { seconds: number; rows: number } {
  const start = process.cpuUsage();
  const rows = postureOf(objects).length;
  return { seconds: process.cpuUsage(start).user / 1e6, rows };
}

function main(): void {
  const [count = 20_000, namespaces = 10] = process.argv.slice(2).map(Number);
  console.log(`load ${loadavg()[0]?.toFixed(1)}, ${count} objects in ${namespaces} namespaces`);
  for (const [name, shape] of Object.entries(SHAPES)) {
    const half = userSeconds(manyAliases(shape, count / 2, namespaces)).seconds;
    const { seconds, rows } = userSeconds(manyAliases(shape, count, namespaces));
    const growth = (seconds / half).toFixed(1);
    const megabytes = (process.memoryUsage().rss / 1e6).toFixed(0);
    console.log(
      `${name}: ${rows} rows, ${seconds.toFixed(1)} s, ${growth} times half of it, ${megabytes} MB`,
    );
  }
}

if (require.main === module) main();
