import assert from "node:assert/strict";
import { InputPropertiesError } from "@pulumi/pulumi";
import common from "../../../packages/common.json";
import { provider } from "../../../components/plugin/provider.js";

const ARGS = {
  externalName: "rates.example.com",
  ports: [{ name: "http", port: 80, targetPort: 443 }],
  tls: { mode: "SIMPLE" },
};

function construct(type: string, args: object) {
  return provider.construct!("rates", type, args, {});
}

describe("the plugin's provider", () => {
  it("states the version that is published", async () => {
    const schema = JSON.parse(await provider.getSchema!()) as { version: string };
    assert.equal(schema.version, common.version);
  });

  it("refuses a type that the package doesn't have", async () => {
    await assert.rejects(construct("istio-egress:aliases:Alias", ARGS), {
      message: "istio-egress has no resource istio-egress:aliases:Alias",
    });
  });

  it("reports to the engine what is wrong with the arguments", async () => {
    const tls = { mode: "SIMPLE", sni: "" };
    await assert.rejects(
      construct("istio-egress:aliases:EgressAlias", { ...ARGS, tls }),
      (error: unknown) =>
        InputPropertiesError.isInstance(error) &&
        error.message === 'EgressAlias "rates": tls.sni: is empty; write the server\'s name',
    );
  });
});
