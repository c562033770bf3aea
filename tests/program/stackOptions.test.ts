import assert from "node:assert/strict";
import { runtime } from "@pulumi/pulumi";
import { stackOptions } from "../../stack/stackOptions.js";

describe("what a stack's configuration says of all its resources", () => {
  afterEach(() => runtime.setAllConfig({}));

  function optionsWith(protect?: string) {
    runtime.setAllConfig(protect === undefined ? {} : { "istio-egress:protect": protect });
    return stackOptions();
  }

  it("lets them go unless it says otherwise", () => {
    const expected = { provider: undefined, protect: false };
    assert.deepEqual(optionsWith(), expected);
    assert.deepEqual(optionsWith("false"), expected);
  });

  it("protects all of them", () => {
    assert.deepEqual(optionsWith("true"), { provider: undefined, protect: true });
  });

  it("takes nothing but true and false", () => {
    assert.throws(() => optionsWith("maybe"), /istio-egress:protect.*maybe.*boolean/);
  });
});
