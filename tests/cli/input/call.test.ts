import assert from "node:assert/strict";
import { call, callText } from "../../../cli/input/call.js";

describe("a call on the command line", () => {
  const rows: [string, object, string][] = [
    [
      "shop -> https://db.example.com:5432",
      {
        client: { namespace: "shop" },
        address: "db.example.com",
        port: 5432,
        sends: "tls",
        host: "db.example.com",
      },
      "https://db.example.com:5432",
    ],
    [
      "shop:app=web → http://my-httpbin.default/headers",
      {
        client: { namespace: "shop", labels: { app: "web" } },
        address: "my-httpbin.default",
        port: 80,
        sends: "http",
        host: "my-httpbin.default",
        path: "/headers",
      },
      "http://my-httpbin.default:80/headers",
    ],
    [
      "default->https://en.wikipedia.org at my-wikipedia.default",
      {
        client: { namespace: "default" },
        address: "my-wikipedia.default",
        port: 443,
        sends: "tls",
        host: "en.wikipedia.org",
      },
      "https://en.wikipedia.org:443 at my-wikipedia.default",
    ],
    [
      "a -> tcp://192.0.2.1:5432",
      { client: { namespace: "a" }, address: "192.0.2.1", port: 5432, sends: "tcp" },
      "tcp://192.0.2.1:5432",
    ],
  ];
  for (const [text, expected, written] of rows) {
    it(`reads ${text}`, () => {
      const [read] = call(text);
      assert.deepEqual(read, expected);
      assert.ok(read && callText(read) === written);
    });
  }

  for (const [text, message] of [
    ["https://db.example.com", /isn't a call\. Write CLIENT -> SCHEME/],
    [
      "shop -> gopher://db.example.com",
      /"gopher" isn't a scheme of a call: write http, https, tls or tcp/,
    ],
    ["shop -> tcp://db.example.com", /names no port: write one from 1 to 65535/],
    ["Shop -> http://db.example.com", /Write NAMESPACE or NAMESPACE:key=value/],
  ] as const) {
    it(`refuses ${text}`, () => {
      assert.throws(() => call(text), message);
    });
  }
});
