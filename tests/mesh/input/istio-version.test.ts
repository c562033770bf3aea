import assert from "node:assert/strict";
import {
  externalNameIsAlias,
  hasAliasSwitch,
  istioVersionMistake,
  keepsVisibilitiesApart,
  looksUpExactHosts,
  looksUpRequestedNames,
  matchesPortsByNumber,
  mergesLikeServices,
  opensConfigMaps,
  picksBestNamespace,
  putsSelectorsFirst,
  readDefaultExportTo,
  readsSourceNamespaces,
  selectsAllWithoutLabels,
  sidecarsExclude,
  trimsExportTo,
  trustsSystemAuthorities,
  unifiesScopes,
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

describe("the borders between versions (docs/versions.md)", () => {
  type Predicate = (facts: { istioVersion: string }) => boolean;
  const borders: [predicate: Predicate, before: string[], since: string[]][] = [
    [putsSelectorsFirst, ["1.20", "1.21.6"], ["1.22-alpha.55f12a6", "1.22.0", "1.31"]],
    [mergesLikeServices, ["1.21", "1.22-alpha.55f12a6"], ["1.22.0", "1.22", "1.31"]],
    [matchesPortsByNumber, ["1.19", "1.20.6", "1.21.2", "1.22-alpha", "1.22.0"], []],
    [matchesPortsByNumber, [], ["1.20.7", "1.20", "1.21.3", "1.21", "1.22.1", "1.22", "1.23.0"]],
    [keepsVisibilitiesApart, ["1.22", "1.23.6"], ["1.24.0", "1.24-alpha", "1.31"]],
    [unifiesScopes, ["1.22", "1.23.6"], ["1.24", "1.31"]],
    [readsSourceNamespaces, ["1.22", "1.23"], ["1.24", "1.31"]],
    [trimsExportTo, ["1.22", "1.23"], ["1.24", "1.31"]],
    [opensConfigMaps, ["1.22", "1.25"], ["1.26", "1.31"]],
    [picksBestNamespace, ["1.25", "1.29"], ["1.30", "1.31"]],
    [selectsAllWithoutLabels, ["1.22", "1.29"], ["1.30", "1.31"]],
    [looksUpRequestedNames, ["1.28", "1.29"], ["1.30", "1.31"]],
    [looksUpExactHosts, ["1.22", "1.30"], ["1.31"]],
    [sidecarsExclude, ["1.22", "1.30"], ["1.31"]],
  ];
  for (const [predicate, before, since] of borders) {
    it(`${predicate.name}: not ${before.join(", ") || "…"}; but ${since.join(", ") || "…"}`, () => {
      for (const istioVersion of before) assert.equal(predicate({ istioVersion }), false);
      for (const istioVersion of since) assert.equal(predicate({ istioVersion }), true);
    });
  }

  it("reads a default exportTo of namespaces from Istio 1.30.3 on", () => {
    const read = (istioVersion: string, exportTo: string[]) =>
      readDefaultExportTo(exportTo, { istioVersion });
    assert.deepEqual(read("1.31", ["n", "."]), ["n", "."]);
    assert.deepEqual(read("1.30", ["n"]), ["n"]);
    assert.deepEqual(read("1.30.2", ["n", "."]), ["."]);
    assert.deepEqual(read("1.29", ["n", "*"]), ["*"]);
    assert.deepEqual(read("1.29", ["n"]), ["~"]);
  });
});
