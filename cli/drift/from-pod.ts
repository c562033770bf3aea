import { X509Certificate } from "node:crypto";
import { InvalidArgumentError } from "commander";
import type { ApiServer } from "../kube/api-server.js";
import { type Container, execInPod } from "../kube/exec.js";
import { Mistake } from "../mistake.js";
import type { Handshake, ServerAddress } from "./handshake.js";

/** Seconds for a request, and milliseconds for running it in the Pod. */
const PATIENCE_S = 10;
const PATIENCE_MS = 20_000;

/** Who makes the handshakes, as `namespace/pod/container`. */
export function podContainer(text: string): Container {
  const [namespace, pod, container, ...more] = text.split("/");
  if (namespace && pod && container && more.length === 0) return { namespace, pod, container };
  throw new InvalidArgumentError("Write namespace/pod/container, such as shop/web-0/app.");
}

/**
 * Starts TLS from a container of a client's Pod, with curl, which can't stop there: it sends a HEAD
 * request for /. Networks and firewalls are the Pod's; so are the authorities.
 *
 * @throws {Mistake} if nothing can be run there, or there is no curl that shows certificates
 */
export function shakeHandsIn(
  server: ApiServer,
  from: Container,
): (question: ServerAddress) => Promise<Handshake> {
  return async (question) => {
    const { stdout, failure = "" } = await execInPod(server, from, curl(question), PATIENCE_MS);
    const answer = parse(stdout);
    if (answer) return answer;
    const where = `Pod ${from.namespace}/${from.pod}, container ${from.container}`;
    throw new Mistake(
      `${where} has no curl that shows certificates (7.88 or newer): ${failure || "it printed none"}.\n` +
        "Choose another container with --from-pod, or leave it out.",
    );
  };
}

function curl({ address, port, sni }: ServerAddress): string[] {
  const at = address.includes(":") ? `[${address}]` : address;
  return [
    ...["curl", "--silent", "--head", "--output", "/dev/null", "--noproxy", "*", "--tlsv1.2"],
    // What isn't right with the certificate is found here, not there.
    ...["--insecure", "--max-time", String(PATIENCE_S), "--resolve", `${sni}:${port}:${at}`],
    ...["--write-out", `${MARK} %{exitcode} %{ssl_verify_result} %{errormsg}\n%{certs}`],
    `https://${sni}:${port}/`,
  ];
}

const MARK = "istio-egress";
const ANSWER = new RegExp(`^${MARK} (\\d+) (\\d+) (.*)$`, "m");
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/;

/** curl's codes for a server that isn't reached: no connection, no answer in time. */
const NOT_REACHED = ["7", "28"];
/** OpenSSL's numbers for what a certificate's dates say, which is looked at here. */
const OF_TIME: Record<string, string> = { 9: "CERT_NOT_YET_VALID", 10: "CERT_HAS_EXPIRED" };

/** Undefined where it isn't the answer of a curl that can show certificates. */
function parse(stdout: string): Handshake | undefined {
  const [, code = "", verified = "", why = ""] = ANSWER.exec(stdout) ?? [];
  const certificate = derOf(CERTIFICATE.exec(stdout)?.[0]);
  if (certificate) {
    const distrust = verified === "0" ? undefined : (OF_TIME[verified] ?? `X509_V_ERR ${verified}`);
    return { certificate, distrust };
  }
  if (NOT_REACHED.includes(code)) return { unreached: why };
  // With 0, or without an answer to the request (52, 56), TLS has begun, and a certificate should be there.
  return ["", "0", "52", "56"].includes(code) ? undefined : { refused: why };
}

function derOf(pem: string | undefined): Buffer | undefined {
  if (pem === undefined) return undefined;
  try {
    return new X509Certificate(pem).raw;
  } catch {
    return undefined;
  }
}
