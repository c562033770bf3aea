import assert from "node:assert/strict";
import schema from "../../../components/plugin/schema.json";
import { pluginSchema } from "../../../components/plugin/schema.js";

describe("the plugin's schema", () => {
  it("is the catalogue's, and what is checked in", () => {
    assert.deepEqual(
      JSON.parse(JSON.stringify(pluginSchema())),
      schema,
      "If the change is meant, write it with npm run schemas:plugin; a key that goes or changes its type breaks programs.",
    );
  });

  it("has no mode for Istio's own mutual TLS", () => {
    const modes = schema.types["istio-egress:aliases:TlsMode"].enum.map(({ value }) => value);
    assert.deepEqual(modes, ["DISABLE", "SIMPLE", "MUTUAL"]);
  });

  it("requires what an alias can't do without", () => {
    const { requiredInputs } = schema.resources["istio-egress:aliases:EgressAlias"];
    assert.deepEqual(requiredInputs, ["ports", "tls"]);
  });
});
