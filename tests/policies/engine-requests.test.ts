import assert from "node:assert/strict";
import { AnalyzerService } from "@pulumi/pulumi/proto/analyzer_grpc_pb.js";
import analyzer from "@pulumi/pulumi/proto/analyzer_pb.js";
import struct from "google-protobuf/google/protobuf/struct_pb.js";
import { engineRequests } from "../../policies/engine-requests.js";

const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const secret = (value: unknown) => ({ "4dabf18193072939515e22adb298388d": SECRET, value });

/** A message as it arrives from the engine. */
function arrives<T extends { serializeBinary: () => Uint8Array }>(
  method: { requestDeserialize: (bytes: Buffer) => T },
  message: T,
): void {
  method.requestDeserialize(Buffer.from(message.serializeBinary()));
}

function properties(value: Record<string, unknown>): struct.Struct {
  return struct.Struct.fromJavaScript(value as Parameters<typeof struct.Struct.fromJavaScript>[0]);
}

describe("what the engine sends the pack", () => {
  // It is told to the whole process, so to the tests after these.
  after(() => {
    arrives(AnalyzerService.configureStack, new analyzer.AnalyzerStackConfigureRequest());
    arrives(AnalyzerService.configure, new analyzer.ConfigureAnalyzerRequest());
  });

  it("is the stack's configuration", () => {
    const request = new analyzer.AnalyzerStackConfigureRequest();
    request.getConfigMap().set("istio-egress:catalogue", "{}");
    arrives(AnalyzerService.configureStack, request);
    assert.deepEqual([...engineRequests().stack], [["istio-egress:catalogue", "{}"]]);
  });

  it("is how each policy is configured, a disabled one too", () => {
    const request = new analyzer.ConfigureAnalyzerRequest();
    const configured = new analyzer.PolicyConfig();
    configured.setEnforcementlevel(analyzer.EnforcementLevel.DISABLED);
    configured.setProperties(properties({ externalHosts: ["a.example"] }));
    request.getPolicyconfigMap().set("egress-settings", configured);
    arrives(AnalyzerService.configure, request);
    assert.deepEqual(
      [...engineRequests().pack],
      [["egress-settings", { level: "disabled", properties: { externalHosts: ["a.example"] } }]],
    );
  });

  it("is which hosts of objects are secret, in calls of every kind", () => {
    const rule = (host: string) => ({
      apiVersion: "networking.istio.io/v1",
      kind: "DestinationRule",
      metadata: { name: "r" },
      spec: secret({ host, trafficPolicy: { tls: { mode: "DISABLE" } } }),
    });
    const type = "kubernetes:networking.istio.io/v1:DestinationRule";

    const one = new analyzer.AnalyzeRequest();
    one.setType(type);
    one.setProperties(properties(rule("analyzed.example")));
    arrives(AnalyzerService.analyze, one);

    const all = new analyzer.AnalyzeStackRequest();
    const resource = new analyzer.AnalyzerResource();
    resource.setType(type);
    resource.setProperties(properties(rule("in-the-stack.example")));
    const hidden = new analyzer.AnalyzerResource();
    hidden.setType("kubernetes:core/v1:Secret");
    hidden.setProperties(properties({ stringData: secret({ url: "in-a-secret.example" }) }));
    all.setResourcesList([resource, hidden]);
    arrives(AnalyzerService.analyzeStack, all);

    assert.deepEqual([...engineRequests().secrets], ["analyzed.example", "in-the-stack.example"]);
  });
});
