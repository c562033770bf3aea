package main

import (
	"k8s.io/apimachinery/pkg/runtime/schema"

	meshconfig "istio.io/api/mesh/v1alpha1"
	"istio.io/istio/pilot/pkg/config/kube/gateway"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/pkg/networking/core"
	kubecontroller "istio.io/istio/pilot/pkg/serviceregistry/kube/controller"
	"istio.io/istio/pkg/config/constants"
	"istio.io/istio/pkg/config/mesh/meshwatcher"
	"istio.io/istio/pkg/config/schema/collections"
	"istio.io/istio/pkg/config/schema/gvr"
	"istio.io/istio/pkg/config/schema/resource"
	kubelib "istio.io/istio/pkg/kube"
	"istio.io/istio/pkg/kube/kclient/clienttest"
	"istio.io/istio/pkg/kube/krt"
	"istio.io/istio/pkg/log"
	"istio.io/istio/pkg/test"
)

// This file holds what differs between the generations of istiod that the program is built for. It is
// that of 1.30 and 1.31; an older one has another in its place (local/toolchain).

// istioVersion is what the clients say of themselves.
const istioVersion = "1.31.0"

const clusterID = constants.DefaultClusterName

// prepareProcess is called once, before the first question.
func prepareProcess() {
	// Every collection registers here for /debug and would be kept for ever.
	krt.GlobalDebugHandler = nil
}

func silence(options *log.Options) {
	options.SetDefaultOutputLevel(log.OverrideScopeName, log.NoneLevel)
}

// schemaOf finds the kind among Istio's own.
func schemaOf(kind schema.GroupVersionKind) (resource.Schema, bool) {
	return collections.Pilot.FindByGroupVersionAliasesKind(resource.FromKubernetesGVK(&kind))
}

type (
	controlPlane = core.ConfigGenTest
	planeOptions = core.TestOptions
)

var newControlPlane = core.NewConfigGenTest

func meshWatcher(m *meshconfig.MeshConfig) meshwatcher.TestWatcher {
	return meshwatcher.NewTestWatcher(m)
}

func initPushContext(plane *controlPlane) error {
	plane.PushContext().InitContext(plane.Env(), nil, nil)
	return nil
}

// gatewayAPI are the resources that istiod's controller of the Gateway API reads.
var gatewayAPI = []schema.GroupVersionResource{
	gvr.GatewayClass, gvr.KubernetesGateway, gvr.HTTPRoute, gvr.GRPCRoute, gvr.TCPRoute, gvr.TLSRoute,
	gvr.ReferenceGrant, gvr.ServiceEntry,
}

// The release that the definitions say they are of; istiod reads no routes of an older one.
var gatewayAPIRelease = map[string]string{"gateway.networking.k8s.io/bundle-version": "v1.6.0"}

// defineGatewayAPI must have run before anything reads from the client: what is defined later is read later,
// and nothing waits for it.
func defineGatewayAPI(t test.Failer, client kubelib.Client, stop <-chan struct{}) {
	for _, resource := range gatewayAPI {
		clienttest.MakeCRDWithAnnotations(t, client, resource, gatewayAPIRelease)
	}
	client.RunAndWait(stop)
}

// readGatewayAPI makes a control plane read the Gateway API's routes, which it does as VirtualServices.
func readGatewayAPI(
	options *planeOptions, client kubelib.Client, f facts, updates model.XDSUpdater,
) func(*controlPlane) {
	var controller *gateway.Controller
	options.CreateConfigStore = func(model.ConfigStoreController) model.ConfigStoreController {
		isThere := func(schema.GroupVersionResource, <-chan struct{}) bool { return true }
		settings := kubecontroller.Options{DomainSuffix: f.ClusterDomain, Revision: f.Revision, ClusterID: clusterID}
		controller = gateway.NewController(client, isThere, settings, updates)
		return controller
	}
	return func(plane *controlPlane) { plane.Env().GatewayAPIController = controller }
}
