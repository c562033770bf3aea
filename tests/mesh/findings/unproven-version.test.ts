import assert from "node:assert/strict";
import { unprovenVersion } from "../../../mesh/findings/unproven-version.js";

describe("a version that no istiod was compared in", () => {
  for (const istioVersion of ["1.22.3", "1.25", "1.29.1", "1.30", "1.31.0-rc.1"]) {
    it(`isn't ${istioVersion}`, () => {
      assert.equal(unprovenVersion({ istioVersion }), undefined);
    });
  }

  const unproven: [istioVersion: string, why: RegExp][] = [
    ["1.19", /^nothing was compared with Istio 1\.19; it is judged as 1\.20 is/],
    ["1.20", /^Istio 1\.20 is judged by its source; no istiod of that version was compared/],
    ["1.21.4", /^Istio 1\.21\.4 is judged by its source; the model was compared with a release/],
    ["1.23", /^Istio 1\.23 is judged by its source; the model was compared with a release/],
    ["1.24", /^Istio 1\.24 is judged by its source; the model was compared with a release/],
    ["1.32", /^nothing was compared with Istio 1\.32; it is judged as 1\.31 is$/],
  ];
  for (const [istioVersion, why] of unproven) {
    it(`is ${istioVersion}`, () => assert.match(unprovenVersion({ istioVersion }) ?? "", why));
  }
});
