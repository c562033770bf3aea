package main

import (
	"k8s.io/apimachinery/pkg/runtime/schema"

	meshconfig "istio.io/api/mesh/v1alpha1"
	"istio.io/istio/pilot/pkg/model"
	core "istio.io/istio/pilot/pkg/networking/core/v1alpha3"
	"istio.io/istio/pkg/config/mesh"
	"istio.io/istio/pkg/config/schema/collections"
	"istio.io/istio/pkg/config/schema/resource"
	kubelib "istio.io/istio/pkg/kube"
	"istio.io/istio/pkg/log"
	"istio.io/istio/pkg/test"
)

// What differs in the generation of Istio 1.22 from tests/oracle/istiod/generation.go, in whose place
// this file is built.

// istioVersion is what the clients say of themselves.
const istioVersion = "1.22.0"

const clusterID = "Kubernetes"

// prepareProcess is called once, before the first question.
func prepareProcess() {}

func silence(options *log.Options) {
	options.SetOutputLevel(log.OverrideScopeName, log.NoneLevel)
}

// schemaOf finds the kind among Istio's own. This istiod doesn't know v1, which the API server would
// have made the version that it reads.
func schemaOf(kind schema.GroupVersionKind) (resource.Schema, bool) {
	for _, one := range collections.Pilot.All() {
		if one.Group() == kind.Group && one.Kind() == kind.Kind {
			return one, true
		}
	}
	return nil, false
}

type (
	controlPlane = core.ConfigGenTest
	planeOptions = core.TestOptions
)

var newControlPlane = core.NewConfigGenTest

func meshWatcher(m *meshconfig.MeshConfig) mesh.Watcher {
	return mesh.NewFixedWatcher(m)
}

func initPushContext(plane *controlPlane) error {
	return plane.PushContext().InitContext(plane.Env(), nil, nil)
}

// Nothing of the Gateway API is read: its controller has another form here.

func defineGatewayAPI(test.Failer, kubelib.Client, <-chan struct{}) {}

func readGatewayAPI(*planeOptions, kubelib.Client, facts, model.XDSUpdater) func(*controlPlane) {
	return func(*controlPlane) {}
}
