import assert from "node:assert/strict";
import {
  addressesText,
  hasSidecar,
  type Pod,
  podText,
  serviceText,
} from "../../../cli/verify/reality.js";

const RUNNING = { ready: true, started: true, state: { running: {} } };

function pod(parts: Partial<Pod["spec"]>, status: Pod["status"]): Pod {
  return {
    metadata: { name: "sleep-1", namespace: "default" },
    spec: { containers: [{ name: "sleep" }], ...parts },
    status,
  };
}

describe("reality, as kubectl prints it", () => {
  const pods: [story: string, pod: Pod, text: string, sidecar: boolean][] = [
    [
      "one container that runs",
      pod({}, { phase: "Running", containerStatuses: [{ name: "sleep", ...RUNNING }] }),
      "1/1 Running",
      false,
    ],
    [
      "a sidecar among the containers",
      pod(
        {
          containers: [{ name: "sleep" }, { name: "istio-proxy" }],
          initContainers: [{ name: "istio-init" }],
        },
        {
          phase: "Running",
          containerStatuses: [
            { name: "sleep", ...RUNNING },
            { name: "istio-proxy", ...RUNNING },
          ],
          initContainerStatuses: [{ name: "istio-init", ready: true, state: {} }],
        },
      ),
      "2/2 Running",
      true,
    ],
    [
      "a native sidecar, which is an init container that is never done",
      pod(
        {
          initContainers: [
            { name: "istio-init" },
            { name: "istio-proxy", restartPolicy: "Always" },
          ],
        },
        {
          phase: "Running",
          containerStatuses: [{ name: "sleep", ...RUNNING }],
          initContainerStatuses: [
            { name: "istio-init", ready: true, state: {} },
            { name: "istio-proxy", ...RUNNING },
          ],
        },
      ),
      "2/2 Running",
      true,
    ],
    [
      "a native sidecar that isn't ready yet",
      pod(
        { initContainers: [{ name: "istio-proxy", restartPolicy: "Always" }] },
        {
          phase: "Running",
          containerStatuses: [{ name: "sleep", ...RUNNING }],
          initContainerStatuses: [{ name: "istio-proxy", ready: false, started: true }],
        },
      ),
      "1/2 Running",
      true,
    ],
    [
      "an image that can't be pulled",
      pod(
        {},
        {
          phase: "Pending",
          containerStatuses: [
            { name: "sleep", ready: false, state: { waiting: { reason: "ImagePullBackOff" } } },
          ],
        },
      ),
      "0/1 ImagePullBackOff",
      false,
    ],
    ["a Pod that no node has taken", pod({}, { phase: "Pending" }), "0/1 Pending", false],
  ];
  for (const [story, found, text, sidecar] of pods) {
    it(`reports ${story}`, () => {
      assert.equal(podText(found), text);
      assert.equal(hasSidecar(found), sidecar);
    });
  }

  const services: [story: string, spec: Parameters<typeof serviceText>[0]["spec"], text: string][] =
    [
      [
        "an ExternalName",
        {
          type: "ExternalName",
          externalName: "httpbin.org",
          ports: [{ port: 80, protocol: "TCP" }],
        },
        "ExternalName <none> httpbin.org 80/TCP",
      ],
      [
        "a Service with an address",
        {
          type: "ClusterIP",
          clusterIP: "10.96.0.7",
          ports: [{ port: 443 }, { port: 53, protocol: "UDP" }],
        },
        "ClusterIP 10.96.0.7 <none> 443/TCP,53/UDP",
      ],
      ["a headless one", { type: "ClusterIP", clusterIP: "None" }, "ClusterIP None <none> <none>"],
      [
        "one with external IPs",
        {
          type: "ClusterIP",
          clusterIP: "10.96.0.7",
          externalIPs: ["203.0.113.1"],
          ports: [{ port: 80 }],
        },
        "ClusterIP 10.96.0.7 203.0.113.1 80/TCP",
      ],
    ];
  for (const [story, spec, text] of services) {
    it(`reports ${story}`, () => assert.equal(serviceText({ spec }), text));
  }

  it("gathers the addresses of all slices, each once, with the ports that they serve", () => {
    const slice = {
      endpoints: [{ addresses: ["198.35.26.96"] }, { addresses: ["10.1.1.1"] }],
      ports: [{ port: 443 }],
    };
    assert.equal(addressesText([slice, slice]), "10.1.1.1:443 198.35.26.96:443");
    assert.equal(addressesText([{ endpoints: null, ports: null }]), "none");
  });
});
