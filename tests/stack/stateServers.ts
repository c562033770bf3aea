import { randomBytes } from "node:crypto";
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, request as requestTo } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { freePorts, LOOPBACK } from "../../local/ports.js";
import { ensureToolchain } from "../../local/toolchain/index.js";
import { eventually } from "../local/eventually.js";
import { onTermination } from "./termination.js";

/** A running server that keeps the state of stacks. */
export interface StateServer {
  /** What PULUMI_BACKEND_URL says. */
  url: string;
  /** What else a `pulumi` needs to be let in: where its credentials are. */
  environment: Record<string, string>;
  /** What nobody may read anywhere but in the credentials' file. */
  secret: string;
  stop(): Promise<void>;
}

/** What starts a process, and says when it works. */
interface Service {
  folder: string;
  command: readonly [string, ...string[]];
  environment?: Record<string, string>;
  isReady: () => Promise<boolean>;
}

/** Starts a process until it works. @returns what ends it and removes its folder */
async function started({ folder, command, environment, isReady }: Service) {
  const [program, ...args] = command;
  const running = execa(program, args, {
    cwd: folder,
    env: environment ?? {},
    reject: false,
    all: true,
    // A database takes SIGINT for: end all connections, and then yourself.
    killSignal: "SIGINT",
    forceKillAfterDelay: 5_000,
  });
  const stop = async () => {
    running.kill();
    await running;
    rmSync(folder, { recursive: true, force: true });
  };
  const isStopped = onTermination(stop);
  try {
    await eventually(async () => {
      if (running.exitCode !== null) throw new Error(`${program} ended: ${(await running).all}`);
      return (await isReady()) || undefined;
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return () => stop().then(isStopped);
}

function privateFile(file: string, content: string): string {
  writeFileSync(file, content, { mode: 0o600 });
  return file;
}

const DEBIAN = "/usr/lib/postgresql";

/** The programs of the newest PostgreSQL that Debian's package has installed, if any. */
function postgresPrograms(): string | undefined {
  if (!existsSync(DEBIAN)) return undefined;
  const versions = readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a));
  return versions
    .map((version) => path.join(DEBIAN, version, "bin"))
    .find((folder) => existsSync(path.join(folder, "initdb")));
}

/** Who may run a database: not root, which it refuses, but the user of Debian's package. */
async function databaseUser(): Promise<{ prefix: string[]; uid: number; gid: number }> {
  const [uid, gid] = [process.getuid!(), process.getgid!()];
  if (uid !== 0) return { prefix: [], uid, gid };
  const id = async (flag: string) => Number((await execa("id", [flag, "postgres"])).stdout);
  const [user, group] = [await id("-u"), await id("-g")];
  const prefix = ["setpriv", `--reuid=${user}`, `--regid=${group}`, "--clear-groups", "--"];
  return { prefix, uid: user, gid: group };
}

/** PostgreSQL, or undefined where it isn't installed. */
export async function postgres(): Promise<StateServer | undefined> {
  const programs = postgresPrograms();
  if (!programs) return undefined;
  const { prefix, uid, gid } = await databaseUser();
  const folder = mkdtempSync(path.join(tmpdir(), "istio-egress-postgres-"));
  chownSync(folder, uid, gid);
  const [port = 0] = await freePorts(1);
  const secret = randomBytes(24).toString("base64url");
  const as = (name: string, ...args: string[]): [string, ...string[]] =>
    [...prefix, path.join(programs, name), ...args] as [string, ...string[]];

  const password = privateFile(path.join(folder, "password"), secret);
  chownSync(password, uid, gid);
  const data = path.join(folder, "data");
  const [initdb, ...initArgs] = as(
    "initdb",
    ...["--pgdata", data, "--username", "pulumi", "--pwfile", password],
    ...["--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"],
  );
  await execa(initdb, initArgs, { cwd: folder });
  const settings = {
    listen_addresses: LOOPBACK,
    port: String(port),
    unix_socket_directories: "",
    fsync: "off",
  };
  const options = Object.entries(settings).flatMap(([key, value]) => ["-c", `${key}=${value}`]);
  const stop = await started({
    folder,
    command: as("postgres", "-D", data, ...options),
    isReady: async () => {
      const asked = ["--host", LOOPBACK, "--port", String(port)];
      return (
        (await execa(path.join(programs, "pg_isready"), asked, { reject: false })).exitCode === 0
      );
    },
  });
  const entry = `${LOOPBACK}:${port}:postgres:pulumi:${secret}\n`;
  return {
    url: `postgres://pulumi@${LOOPBACK}:${port}/postgres?sslmode=disable`,
    environment: { PGPASSFILE: privateFile(path.join(folder, "pgpass"), entry) },
    secret,
    stop,
  };
}

/** A store with S3's API, and a bucket in it. */
export async function objectStore(): Promise<StateServer> {
  const { binaries } = await ensureToolchain(["versitygw"]);
  const folder = mkdtempSync(path.join(tmpdir(), "istio-egress-s3-"));
  const buckets = path.join(folder, "buckets");
  mkdirSync(path.join(buckets, "states"), { recursive: true });
  const [port = 0] = await freePorts(1);
  const [key, secret] = [randomBytes(8).toString("hex"), randomBytes(24).toString("base64url")];
  const stop = await started({
    folder,
    command: [binaries.versitygw, `${LOOPBACK}:${port}`, buckets],
    environment: { AWS_ACCESS_KEY_ID: key, AWS_SECRET_ACCESS_KEY: secret },
    isReady: () =>
      fetch(`http://${LOOPBACK}:${port}/healthz`).then(
        ({ ok }) => ok,
        () => false,
      ),
  });
  const credentials = `[default]\naws_access_key_id = ${key}\naws_secret_access_key = ${secret}\n`;
  const query = `endpoint=http://${LOOPBACK}:${port}&region=us-east-1&use_path_style=true`;
  return {
    url: `s3://states?${query}`,
    environment: {
      AWS_SHARED_CREDENTIALS_FILE: privateFile(path.join(folder, "credentials"), credentials),
    },
    secret,
    stop,
  };
}

/** A way to a store with S3's API for a key that may list and read, and do nothing else. */
export async function readOnly(store: StateServer): Promise<StateServer> {
  const url = new URL(store.url);
  const behind = url.searchParams.get("endpoint")!;
  const gate = createServer((request, response) => {
    const { method = "", headers, url: place = "" } = request;
    if (!["GET", "HEAD"].includes(method)) {
      response.writeHead(403).end("<Error><Code>AccessDenied</Code></Error>");
      return;
    }
    // With the signed headers as they are, so that the store knows the key.
    const forwarded = requestTo(`${behind}${place}`, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    request.pipe(forwarded);
  });
  const [port = 0] = await freePorts(1);
  await new Promise<void>((resolve) => gate.listen(port, LOOPBACK, resolve));
  url.searchParams.set("endpoint", `http://${LOOPBACK}:${port}`);
  const stop = async () => {
    gate.closeAllConnections();
    await new Promise((resolve) => gate.close(resolve));
  };
  return { ...store, url: url.href, stop };
}
