package main

import (
	"encoding/json"
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	runtimeschema "k8s.io/apimachinery/pkg/runtime/schema"

	meshconfig "istio.io/api/mesh/v1alpha1"
	"istio.io/istio/pilot/pkg/config/kube/crd"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/pkg/serviceregistry"
	kubecontroller "istio.io/istio/pilot/pkg/serviceregistry/kube/controller"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/mesh"
	"istio.io/istio/pkg/config/schema/gvr"
	kubelib "istio.io/istio/pkg/kube"
	"istio.io/istio/pkg/test"
)

// world is what the API server holds, and what of it istiod's config store holds.
type world struct {
	kubeObjects []runtime.Object
	// ServiceEntries as the API server has them, for routes of the Gateway API that name one.
	serviceEntries []json.RawMessage
	hasGatewayAPI  bool
	slices         []*discoveryv1.EndpointSlice
	// Pods, and what Pods are made from, any of which may be a client.
	workloads []metav1.ObjectMeta
	configs   []config.Config
	refused   []string
}

// readObjects sorts the objects. Istio's own are read in the revision's scope, as istiod's client does;
// what the validating webhook would refuse is kept and reported, since not every mesh has the webhook.
func readObjects(q question) (w world, err error) {
	decoder := kubelib.IstioCodec.UniversalDeserializer()
	for _, raw := range q.Objects {
		kind := crd.IstioKind{}
		if err := json.Unmarshal(raw, &kind); err != nil {
			return w, fmt.Errorf("cannot read object: %v", err)
		}
		gvk := kind.GroupVersionKind()
		schema, isConfig := schemaOf(gvk)
		if !isConfig {
			object, _, err := decoder.Decode(raw, nil, nil)
			if err != nil {
				return w, fmt.Errorf("cannot read object: %v", err)
			}
			switch typed := object.(type) {
			case *discoveryv1.EndpointSlice:
				w.slices = append(w.slices, typed)
			case *appsv1.Deployment:
				meta := typed.Spec.Template.ObjectMeta
				meta.Namespace = typed.Namespace
				w.workloads = append(w.workloads, meta)
			case *corev1.Pod:
				w.workloads = append(w.workloads, typed.ObjectMeta)
				w.kubeObjects = append(w.kubeObjects, object)
			default:
				w.kubeObjects = append(w.kubeObjects, object)
			}
			w.hasGatewayAPI = w.hasGatewayAPI || gvk.Group == "gateway.networking.k8s.io"
			continue
		}
		c, err := crd.ConvertObject(schema, &kind, q.Mesh.ClusterDomain)
		if err != nil {
			return w, fmt.Errorf("cannot read %s %s: %v", gvk.Kind, kind.Name, err)
		}
		if _, err := schema.ValidateConfig(*c); err != nil {
			w.refused = append(w.refused, fmt.Sprintf("%s %s/%s: %v", gvk.Kind, c.Namespace, c.Name, err))
		}
		if config.ObjectInRevision(c, q.Mesh.Revision) {
			w.configs = append(w.configs, *c)
		}
		if gvk.Kind == "ServiceEntry" {
			w.serviceEntries = append(w.serviceEntries, raw)
		}
	}
	return w, nil
}

// storedServiceEntry is the object in the version in which the API server keeps it.
func storedServiceEntry(raw json.RawMessage) (runtime.Object, error) {
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, err
	}
	fields["apiVersion"] = json.RawMessage(`"networking.istio.io/v1"`)
	text, err := json.Marshal(fields)
	if err != nil {
		return nil, err
	}
	object, _, err := kubelib.IstioCodec.UniversalDeserializer().Decode(text, nil, nil)
	return object, err
}

func meshConfigOf(f facts) *meshconfig.MeshConfig {
	m := mesh.DefaultMeshConfig()
	m.RootNamespace = f.RootNamespace
	m.TrustDomain = f.ClusterDomain
	if f.EnableAutoMtls != nil {
		m.EnableAutoMtls = wrapperspb.Bool(*f.EnableAutoMtls)
	}
	if f.DefaultDestinationRuleExportTo != nil {
		m.DefaultDestinationRuleExportTo = f.DefaultDestinationRuleExportTo
	}
	if f.OutboundTrafficPolicy == "REGISTRY_ONLY" {
		m.OutboundTrafficPolicy.Mode = meshconfig.MeshConfig_OutboundTrafficPolicy_REGISTRY_ONLY
	}
	if wait, err := time.ParseDuration(f.ProtocolDetectionTimeout); err == nil {
		m.ProtocolDetectionTimeout = durationpb.New(wait)
	}
	return m
}

// startControlPlane is xds.NewFakeDiscoveryServer without its gRPC, gateway and ingress parts, and
// with the cluster domain of the mesh, which that one fixes to cluster.local.
func startControlPlane(t test.Failer, f facts, w world) *controlPlane {
	meshConfig := meshConfigOf(f)
	updates := &endpointUpdates{settled: make(chan struct{})}
	objects := append(w.kubeObjects, sentinelService)
	if w.hasGatewayAPI {
		for _, raw := range w.serviceEntries {
			entry, err := storedServiceEntry(raw)
			if err != nil {
				t.Fatal(err)
			}
			objects = append(objects, entry)
		}
	}
	kubeClient := kubelib.NewFakeClient(objects...)
	stop := make(chan struct{})
	if w.hasGatewayAPI {
		defineGatewayAPI(t, kubeClient, stop)
	}
	registry, _ := kubecontroller.NewFakeControllerWithOptions(t, kubecontroller.FakeControllerOptions{
		Client:        kubeClient,
		ClusterID:     clusterID,
		DomainSuffix:  f.ClusterDomain,
		XDSUpdater:    updates,
		MeshWatcher:   meshWatcher(meshConfig),
		ConfigCluster: true,
		SkipRun:       true,
		CRDs:          []runtimeschema.GroupVersionResource{gvr.ServiceEntry, gvr.WorkloadEntry},
	})
	// Before the registry's own clean-up, which waits for the ends of what reads from the client.
	t.Cleanup(func() { close(stop) })
	options := planeOptions{
		Configs:           w.configs,
		MeshConfig:        meshConfig,
		XDSUpdater:        updates,
		ServiceRegistries: []serviceregistry.Instance{registry},
		ClusterID:         clusterID,
		SkipRun:           true,
	}
	join := func(*controlPlane) {}
	if w.hasGatewayAPI {
		join = readGatewayAPI(&options, kubeClient, f, updates)
	}
	plane := newControlPlane(t, options)
	join(plane)
	updates.XDSUpdater = model.NewEndpointIndexUpdater(plane.Env().EndpointIndex)
	plane.ServiceEntryRegistry.AppendWorkloadHandler(withoutPods(registry.WorkloadInstanceHandler))
	registry.AppendWorkloadHandler(plane.ServiceEntryRegistry.WorkloadInstanceHandler)
	kubeClient.RunAndWait(stop)
	plane.Run()
	kubelib.WaitForCacheSync("oracle", stop, plane.Registry.HasSynced, plane.Store().HasSynced)
	if err := plane.Env().InitNetworksManager(updates); err != nil {
		t.Fatal(err)
	}
	createSlices(t, kubeClient, w.slices, updates)
	plane.ServiceEntryRegistry.ResyncEDS()
	if err := initPushContext(plane); err != nil {
		t.Fatal(err)
	}
	return plane
}

// withoutPods passes on WorkloadEntries only, as istiod does. In older generations ResyncEDS, which only
// the fakes call, would hand the Pods back to the registry that they came from, as workloads of a Service.
func withoutPods(handler func(*model.WorkloadInstance, model.Event)) func(*model.WorkloadInstance, model.Event) {
	return func(workload *model.WorkloadInstance, event model.Event) {
		if workload.Kind != model.PodKind {
			handler(workload, event)
		}
	}
}

// proxyOf describes a client as its own bootstrap would. Its address belongs to no generated Pod, so
// that its labels are the ones it declares.
func proxyOf(index int, c client, f facts) *model.Proxy {
	kind := model.SidecarProxy
	if c.Gateway {
		kind = model.Router
	}
	return &model.Proxy{
		Type:            kind,
		ID:              fmt.Sprintf("client-%d.%s", index, c.Namespace),
		IPAddresses:     []string{fmt.Sprintf("10.255.0.%d", index+1)},
		ConfigNamespace: c.Namespace,
		DNSDomain:       c.Namespace + ".svc." + f.ClusterDomain,
		Labels:          c.Labels,
		Metadata: &model.NodeMetadata{
			Namespace:    c.Namespace,
			Labels:       c.Labels,
			ClusterID:    clusterID,
			IstioVersion: istioVersion,
			DNSCapture:   model.StringBool(f.DNSCapture),
		},
	}
}
