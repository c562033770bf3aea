import { readFileSync, readdirSync, readlinkSync } from "node:fs";
import { type Server, createServer } from "node:net";

/** The local addresses (IPv4 dotted, IPv6 as the kernel's hex) on which a process accepts TCP connections. */
export function listeningAddresses(pid: number): string[] {
  const inodes = new Set(readdirSync(`/proc/${pid}/fd`).map((fd) => socketInode(pid, fd)));
  return ["tcp", "tcp6"].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, "utf8")
      .trimEnd()
      .split("\n")
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === LISTEN && inodes.has(fields[9]))
      .map((fields) => readableAddress(fields[1]?.split(":")[0] ?? "")),
  );
}

/** A socket's state in the kernel's table. */
const LISTEN = "0A";

function socketInode(pid: number, fd: string): string | undefined {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
  } catch {
    return undefined;
  }
}

/** The kernel prints an IPv4 address as one little-endian number in hex. */
function readableAddress(hex: string): string {
  if (hex.length !== 8) return hex;
  return [...Buffer.from(hex, "hex")].reverse().join(".");
}

/** Listens on a loopback port; rejects when it is taken. */
export function listenOn(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () => resolve(server));
  });
}

/** Stops listening. */
export function close(server: Server): Promise<void> {
  return new Promise((closed) => server.close(() => closed()));
}
