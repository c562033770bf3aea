import { ComponentResource, output } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Input, Output } from "@pulumi/pulumi";
import { Service } from "@pulumi/kubernetes/core/v1/service.js";
import type { ServiceArgs } from "@pulumi/kubernetes/core/v1/service.js";
import { ServiceAccount } from "@pulumi/kubernetes/core/v1/serviceAccount.js";
import type { ServiceAccountArgs } from "@pulumi/kubernetes/core/v1/serviceAccount.js";
import * as kx from "@pulumi/kubernetesx";
import { MANAGED_BY, NO_SIDECAR } from "./resources/labels.js";
import { TOKENS } from "./resources/tokens.js";
import { createChild, inputsOf, type Transform } from "./resources/transform.js";

type DeploymentArgs = ConstructorParameters<typeof kx.Deployment>[1];

/** The image of Istio's sleep sample. */
export const SLEEP_IMAGE = "curlimages/curl:8.16.0";

export interface SleepDeploymentArgs {
  /**
   * Name of the ServiceAccount, the Service, the Deployment and its container, and the value of
   * their `app` label. Plain text: three objects and a selector are built from it.
   * @default "sleep"
   */
  name?: string;
  /** @default "default" */
  namespace?: Input<string>;
  /** @default {@link SLEEP_IMAGE} */
  image?: Input<string>;
  /**
   * Whether its Pods get a sidecar where their namespace gives them one. `false` is written on the
   * Pods, so that they are made anew when it changes, and opt out whatever their namespace says.
   * @default true
   */
  injected?: boolean;
  transform?: {
    serviceAccount?: Transform<ServiceAccountArgs>;
    service?: Transform<ServiceArgs>;
    deployment?: Transform<DeploymentArgs>;
  };
}

/**
 * A Pod that does nothing, to call aliases from: Istio's sleep sample, object for object.
 *
 * @example
 * const sleep = new SleepDeployment("sleep", { namespace: "without-istio" });
 * export const sourcePods = sleep.selector; // kubectl get pod -l app=sleep
 */
export class SleepDeployment extends ComponentResource {
  readonly serviceAccount: ServiceAccount;
  readonly service: Service;
  readonly deployment: kx.Deployment;
  readonly namespace: Output<string>;
  /** Label selector of its Pods, as kubectl takes it. */
  readonly selector: Output<string>;

  constructor(name: string, args: SleepDeploymentArgs = {}, opts?: ComponentResourceOptions) {
    super(TOKENS.SleepDeployment, name, inputsOf(args), opts);
    const { name: app = "sleep", namespace = "default", image = SLEEP_IMAGE, transform } = args;
    const podLabels = { app, ...(args.injected === false && NO_SIDECAR) };
    const metadata = { name: app, namespace };
    this.serviceAccount = createChild(
      ServiceAccount,
      `${name}-serviceaccount`,
      { metadata: { ...metadata, labels: MANAGED_BY } },
      { parent: this },
      transform?.serviceAccount,
    );
    this.service = createChild(
      Service,
      `${name}-service`,
      {
        metadata: {
          ...metadata,
          labels: { ...MANAGED_BY, app, service: app },
          // The provider would watch its Endpoints for 10 s; the Deployment already waits for its Pods.
          annotations: { "pulumi.com/skipAwait": "true" },
        },
        spec: { ports: [{ port: 80, name: "http" }], selector: { app } },
      },
      { parent: this },
      transform?.service,
    );
    this.deployment = createChild(
      kx.Deployment,
      `${name}-deployment`,
      {
        metadata: { ...metadata, labels: MANAGED_BY },
        spec: deploymentSpec(app, podLabels, image),
      },
      { parent: this, dependsOn: this.serviceAccount },
      transform?.deployment,
    );
    this.namespace = output(namespace);
    this.selector = output(`app=${app}`);
    this.registerOutputs({ namespace: this.namespace, selector: this.selector });
  }
}

/** As in the sample: sleeps for ever, stops at once, and takes a Secret for TLS if there is one. */
function deploymentSpec(
  app: string,
  labels: Record<string, string>,
  image: Input<string>,
): DeploymentArgs["spec"] {
  return {
    replicas: 1,
    selector: { matchLabels: { app } },
    template: {
      metadata: { labels },
      spec: {
        terminationGracePeriodSeconds: 0,
        serviceAccountName: app,
        containers: [
          {
            name: app,
            image,
            command: ["/bin/sleep", "infinity"],
            imagePullPolicy: "IfNotPresent",
            volumeMounts: [{ mountPath: "/etc/sleep/tls", name: "secret-volume" }],
          },
        ],
        volumes: [
          { name: "secret-volume", secret: { secretName: `${app}-secret`, optional: true } },
        ],
      },
    },
  };
}
