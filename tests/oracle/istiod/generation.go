package main

import (
	"k8s.io/apimachinery/pkg/runtime/schema"

	meshconfig "istio.io/api/mesh/v1alpha1"
	"istio.io/istio/pilot/pkg/networking/core"
	"istio.io/istio/pkg/config/constants"
	"istio.io/istio/pkg/config/mesh/meshwatcher"
	"istio.io/istio/pkg/config/schema/collections"
	"istio.io/istio/pkg/config/schema/resource"
	"istio.io/istio/pkg/kube/krt"
	"istio.io/istio/pkg/log"
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
