import assert from "node:assert/strict";
import {
  externalNameIsAlias,
  hasAliasSwitch,
  istioVersionMistake,
  trustsSystemAuthorities,
} from "../../../mesh/input/istio-version.js";

describe("a version of Istio", () => {
  for (const version of ["1.20", "1.31.2", "1.30.0-rc.1", "1.24.1-distroless", "1.32", "1.99"]) {
    it(`may be ${version}`, () => assert.equal(istioVersionMistake(version), undefined));
  }

  for (const version of ["2.7", "1", "1.31foo", "v1.31", "latest", "1.31.", ""]) {
    it(`isn't "${version}"`, () => {
      const mistake = `"${version}" isn't a version of Istio; write one such as "1.31"`;
      assert.equal(istioVersionMistake(version), mistake);
    });
  }
});

describe("what a version does", () => {
  const versions: [istioVersion: string, isSwitched: boolean, isAlias: boolean, trusts: boolean][] =
    [
      ["1.19", false, false, false],
      ["1.20.3", true, false, false],
      ["1.21", true, true, true],
      ["1.23.0-rc.1", true, true, true],
      ["1.24", false, true, true],
      ["1.31", false, true, true],
    ];
  for (const [istioVersion, isSwitched, isAlias, trusts] of versions) {
    it(`on ${istioVersion}: ExternalName aliases, the switch for them, the system's authorities`, () => {
      assert.equal(hasAliasSwitch({ istioVersion }), isSwitched);
      assert.equal(externalNameIsAlias({ istioVersion }), isAlias);
      assert.equal(trustsSystemAuthorities({ istioVersion }), trusts);
      for (const externalNameAlias of [true, false]) {
        const expected = isSwitched ? externalNameAlias : isAlias;
        assert.equal(externalNameIsAlias({ istioVersion, externalNameAlias }), expected);
      }
    });
  }
});
