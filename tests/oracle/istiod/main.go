// Command istiod-oracle asks istiod's own configuration generator what it would send to the clients
// of a mesh. It reads one mesh a line on stdin (objects, clients, mesh facts as JSON) and prints one
// line for each, in the same order: every client's outbound clusters with the class of their TLS and
// the rule that decided, or an error. The parts are istiod's: Kubernetes and ServiceEntry registries,
// config store, validation, push context and cluster generator; only the API server is in memory.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	goruntime "runtime"
	"runtime/debug"

	"google.golang.org/protobuf/types/known/wrapperspb"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/runtime"
	runtimeschema "k8s.io/apimachinery/pkg/runtime/schema"

	meshconfig "istio.io/api/mesh/v1alpha1"
	"istio.io/istio/pilot/pkg/config/kube/crd"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/pkg/serviceregistry"
	kubecontroller "istio.io/istio/pilot/pkg/serviceregistry/kube/controller"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/constants"
	"istio.io/istio/pkg/config/mesh"
	"istio.io/istio/pkg/config/schema/gvr"
	kubelib "istio.io/istio/pkg/kube"
	"istio.io/istio/pkg/log"
	"istio.io/istio/pkg/test"
)

// question is one line of input.
type question struct {
	ID      string            `json:"id"`
	Objects []json.RawMessage `json:"objects"`
	Clients []client          `json:"clients"`
	Mesh    facts             `json:"mesh"`
}

type client struct {
	Namespace string            `json:"namespace"`
	Labels    map[string]string `json:"labels"`
	Gateway   bool              `json:"gateway"`
}

// facts are what the objects don't say; an absent field keeps istiod's default.
type facts struct {
	RootNamespace                  string   `json:"rootNamespace"`
	ClusterDomain                  string   `json:"clusterDomain"`
	Revision                       string   `json:"revision"`
	EnableAutoMtls                 *bool    `json:"enableAutoMtls"`
	DefaultDestinationRuleExportTo []string `json:"defaultDestinationRuleExportTo"`
}

type answer struct {
	ID      string          `json:"id"`
	Clients []clientAnswers `json:"clients,omitempty"`
	// Istio objects that the validating webhook would refuse, and why.
	Refused []string `json:"refused,omitempty"`
	Error   string   `json:"error,omitempty"`
}

type clientAnswers struct {
	Clusters []outbound `json:"clusters"`
}

// concurrency is what keeps a core busy: building a control plane is mostly waiting for its parts.
var concurrency = 4 * goruntime.GOMAXPROCS(0)

func main() {
	silenceLogs()
	prepareProcess()
	answers := make(chan chan answer, concurrency)
	go readQuestions(answers)
	out := json.NewEncoder(os.Stdout)
	for next := range answers {
		_ = out.Encode(<-next)
	}
}

// readQuestions starts an answer for each line, at most as many at a time as the channel holds.
func readQuestions(answers chan<- chan answer) {
	defer close(answers)
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			next := make(chan answer, 1)
			answers <- next
			go func() { next <- answerLine(line) }()
		}
		if err != nil {
			return
		}
	}
}

func silenceLogs() {
	options := log.DefaultOptions()
	options.OutputPaths = []string{"stderr"}
	silence(options)
	_ = log.Configure(options)
}

// answerLine never fails: whatever goes wrong with one mesh is that mesh's answer.
func answerLine(line []byte) answer {
	q := question{Mesh: facts{
		RootNamespace: constants.IstioSystemNamespace,
		ClusterDomain: constants.DefaultClusterLocalDomain,
		Revision:      "default",
	}}
	if err := json.Unmarshal(line, &q); err != nil {
		return answer{ID: q.ID, Error: err.Error()}
	}
	a := answer{ID: q.ID}
	err := test.Wrap(func(t test.Failer) {
		defer func() {
			if failure := recover(); failure != nil {
				t.Fatalf("panic: %v\n%s", failure, debug.Stack())
			}
		}()
		a.Clients, a.Refused = ask(t, q)
	})
	if err != nil {
		return answer{ID: q.ID, Error: err.Error()}
	}
	return a
}

// ask builds the control plane for one mesh and reads each client's clusters from it.
func ask(t test.Failer, q question) ([]clientAnswers, []string) {
	w, err := readObjects(q)
	if err != nil {
		t.Fatal(err)
	}
	plane := startControlPlane(t, q.Mesh, w)
	answers := make([]clientAnswers, len(q.Clients))
	for _, i := range gatewaysFirst(q.Clients) {
		proxy := plane.SetupProxy(proxyOf(i, q.Clients[i], q.Mesh))
		if answers[i].Clusters, err = outboundClusters(plane.Clusters(proxy)); err != nil {
			t.Fatal(err)
		}
	}
	return answers, w.refused
}

// gatewaysFirst orders the clients so that each gets the answer that it would get alone: once istiod has
// computed the view of a namespace's sidecars, it hands the same view to the gateways there.
func gatewaysFirst(clients []client) []int {
	gateways, sidecars := []int{}, []int{}
	for i, c := range clients {
		if c.Gateway {
			gateways = append(gateways, i)
		} else {
			sidecars = append(sidecars, i)
		}
	}
	return append(gateways, sidecars...)
}

// world is what the API server holds, and what of it istiod's config store holds.
type world struct {
	kubeObjects []runtime.Object
	slices      []*discoveryv1.EndpointSlice
	configs     []config.Config
	refused     []string
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
			if slice, ok := object.(*discoveryv1.EndpointSlice); ok {
				w.slices = append(w.slices, slice)
			} else {
				w.kubeObjects = append(w.kubeObjects, object)
			}
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
	}
	return w, nil
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
	return m
}

// startControlPlane is xds.NewFakeDiscoveryServer without its gRPC, gateway and ingress parts, and
// with the cluster domain of the mesh, which that one fixes to cluster.local.
func startControlPlane(t test.Failer, f facts, w world) *controlPlane {
	meshConfig := meshConfigOf(f)
	updates := &endpointUpdates{settled: make(chan struct{})}
	kubeClient := kubelib.NewFakeClient(append(w.kubeObjects, sentinelService)...)
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
	plane := newControlPlane(t, planeOptions{
		Configs:           w.configs,
		MeshConfig:        meshConfig,
		XDSUpdater:        updates,
		ServiceRegistries: []serviceregistry.Instance{registry},
		ClusterID:         clusterID,
		SkipRun:           true,
	})
	updates.XDSUpdater = model.NewEndpointIndexUpdater(plane.Env().EndpointIndex)
	plane.ServiceEntryRegistry.AppendWorkloadHandler(withoutPods(registry.WorkloadInstanceHandler))
	registry.AppendWorkloadHandler(plane.ServiceEntryRegistry.WorkloadInstanceHandler)
	stop := test.NewStop(t)
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
		},
	}
}
