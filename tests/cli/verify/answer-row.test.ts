import assert from "node:assert/strict";
import { answerRow } from "../../../cli/verify/answer-row.js";
import type { Promised } from "../../../cli/verify/call.js";

const IP = "10.96.57.8";
const WIKIPEDIA: Promised = { text: "<title>Wikipedia", address: IP, isSigned: false };
const IN_MESH: Promised = { ...WIKIPEDIA, sidecar: "PLAIN" };
const WRAPPED: Promised = { ...WIKIPEDIA, sidecar: "ISTIO_MUTUAL" };
const HTTPBIN: Promised = { text: '"Host": "my-httpbin', isSigned: true, sidecar: "PLAIN" };
const ORIGINATED: Promised = { isSigned: true, sidecar: "SIMPLE" };

/** What curl prints with the head of the answer, and status and address at the end. */
function answer(status: number, body: string, address = IP, header = "server: envoy") {
  const head = `HTTP/1.1 ${status} Whatever\r\n${header}\r\n\r\n`;
  return { stdout: `${head}${body}\n${status} ${address}`, stderr: "", failure: undefined };
}

function curl(code: number, words: string) {
  return {
    stdout: "\n000 ",
    stderr: `curl: (${code}) ${words}\n`,
    failure: `command terminated with non-zero exit code ${code}`,
  };
}

const CLOSED = "OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to en.wikipedia.org:443";
const UNVERIFIED = "SSL: no alternative certificate subject name matches target host name";
const UPSTREAM =
  "upstream connect error or disconnect/reset before headers. retried and the latest";
const SIGNED = "x-envoy-upstream-service-time: 3";

const ROWS: [
  story: string,
  promised: Promised,
  ending: Parameters<typeof answerRow>[2],
  is: "ok" | "wrong" | "network",
  found: string,
][] = [
  [
    "the page, from the alias's address",
    WIKIPEDIA,
    answer(200, "<title>Wikipedia, the free encyclopedia</title>"),
    "ok",
    `200 from ${IP}`,
  ],
  [
    "a redirect is an answer where no text is promised",
    { isSigned: false },
    answer(301, ""),
    "ok",
    `200 from ${IP}`.replace("200", "301"),
  ],
  [
    "a request that the sidecar has signed on its way to a server that echoes it",
    HTTPBIN,
    answer(200, '{ "Host": "my-httpbin", "X-Envoy-Peer-Metadata": "..." }'),
    "ok",
    `200 from ${IP}`,
  ],
  [
    "an answer that the sidecar has signed",
    ORIGINATED,
    answer(200, "", IP, SIGNED),
    "ok",
    `200 from ${IP}`,
  ],
  [
    "another page",
    WIKIPEDIA,
    answer(200, "<title>Log in"),
    "wrong",
    "200, without that text: <title>Log in",
  ],
  [
    "the page from elsewhere",
    WIKIPEDIA,
    answer(200, "<title>Wikipedia", "192.0.2.1"),
    "wrong",
    "200, from 192.0.2.1",
  ],
  [
    "an answer past the sidecar",
    ORIGINATED,
    answer(200, "welcome"),
    "wrong",
    "200, and no sidecar has signed it (no header x-envoy-...)",
  ],
  [
    "an error of the server's own",
    WIKIPEDIA,
    answer(404, "no such page\nhere"),
    "wrong",
    "404: no such page",
  ],
  [
    "a server with another certificate",
    IN_MESH,
    curl(60, UNVERIFIED),
    "wrong",
    `curl: (60) ${UNVERIFIED}`,
  ],
  [
    "a handshake that ends where the sidecar adds TLS of its own",
    WRAPPED,
    curl(35, CLOSED),
    "wrong",
    `curl: (35) ${CLOSED}; the sidecar adds TLS: ISTIO_MUTUAL`,
  ],
  [
    "a handshake that ends where the sidecar was told nothing",
    { ...WIKIPEDIA, sidecar: "no cluster" },
    curl(35, CLOSED),
    "wrong",
    `curl: (35) ${CLOSED}; istiod sends the sidecar nothing for it`,
  ],
  [
    "a handshake that ends where the sidecar only passes it on",
    IN_MESH,
    curl(35, CLOSED),
    "network",
    `closed before the server said anything: curl: (35) ${CLOSED}`,
  ],
  [
    "a name that can't be resolved",
    WRAPPED,
    curl(6, "Could not resolve host: httpbin.org"),
    "network",
    "no DNS answer: curl: (6) Could not resolve host: httpbin.org",
  ],
  [
    "no way there",
    WIKIPEDIA,
    curl(7, "Failed to connect to en.wikipedia.org port 443: No route to host"),
    "network",
    "no connection: curl: (7) Failed to connect to en.wikipedia.org port 443: No route to host",
  ],
  [
    "a firewall that says nothing",
    IN_MESH,
    curl(28, "Connection timed out after 12001 milliseconds"),
    "network",
    "no answer in time: curl: (28) Connection timed out after 12001 milliseconds",
  ],
  [
    "a sidecar that finds no way",
    ORIGINATED,
    answer(
      503,
      `${UPSTREAM} reset reason: remote connection failure, transport failure reason: delayed connect error: Network is unreachable`,
    ),
    "network",
    `503: ${UPSTREAM} reset reason: remote connection failure, transport failure reason: delayed connect error: Network is unreachable`,
  ],
  [
    "a sidecar that can't resolve the target",
    ORIGINATED,
    answer(503, "no healthy upstream"),
    "network",
    "503: no healthy upstream",
  ],
  [
    "a sidecar that refuses the server's certificate",
    ORIGINATED,
    answer(
      503,
      `${UPSTREAM} reset reason: remote connection failure, transport failure reason: TLS_error:|268435581:SSL routines`,
    ),
    "wrong",
    `503: ${UPSTREAM} reset reason: remote connection failure, transport failure reason: TLS_error:|268435581:SSL routines`,
  ],
  [
    "a server that doesn't speak the TLS that the sidecar adds",
    { ...HTTPBIN, sidecar: "ISTIO_MUTUAL" },
    answer(503, `${UPSTREAM} reset reason: remote connection failure`),
    "wrong",
    `503: ${UPSTREAM} reset reason: remote connection failure`,
  ],
  [
    "a container without curl",
    WIKIPEDIA,
    { stdout: "", stderr: "", failure: 'exec: "curl": executable file not found in $PATH' },
    "wrong",
    'curl didn\'t run: exec: "curl": executable file not found in $PATH',
  ],
];

describe("what came of a call", () => {
  for (const [story, promised, ending, is, found] of ROWS) {
    it(`is ${is}: ${story}`, () => {
      const row = answerRow("a calls b", promised, ending);
      assert.equal(row.ok, is === "ok");
      assert.equal(row.state, is === "network" ? "network" : undefined);
      assert.equal(row.found, is === "network" ? `the network doesn't allow it: ${found}` : found);
    });
  }
});
