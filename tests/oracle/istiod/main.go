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
	"os"
	goruntime "runtime"
	"runtime/debug"

	"istio.io/istio/pkg/config/constants"
	"istio.io/istio/pkg/log"
	"istio.io/istio/pkg/test"
)

// question is one line of input.
type question struct {
	ID      string            `json:"id"`
	Objects []json.RawMessage `json:"objects"`
	Clients []client          `json:"clients"`
	Mesh    facts             `json:"mesh"`
	// What the clients call.
	Calls []call `json:"calls"`
	// Whether all that istiod sends to the clients shall be in the answer.
	Resources bool `json:"resources"`
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
	// ALLOW_ANY or REGISTRY_ONLY
	OutboundTrafficPolicy string `json:"outboundTrafficPolicy"`
	// Whether the clients' sidecars answer DNS.
	DNSCapture bool `json:"dnsCapture"`
	// How long proxies wait for a client's first bytes, such as 5s; empty: for ever.
	ProtocolDetectionTimeout string `json:"protocolDetectionTimeout"`
	// What sidecars are handed; see captureSettings. Without ranges to include: everything.
	IncludeOutboundPorts    []string `json:"includeOutboundPorts"`
	ExcludeOutboundPorts    []string `json:"excludeOutboundPorts"`
	IncludeOutboundIPRanges []string `json:"includeOutboundIPRanges"`
	ExcludeOutboundIPRanges []string `json:"excludeOutboundIPRanges"`
}

type answer struct {
	ID      string          `json:"id"`
	Clients []clientAnswers `json:"clients,omitempty"`
	// What becomes of each call; more than one outcome where a route has weights.
	Calls [][]outcome `json:"calls,omitempty"`
	// Istio objects that the validating webhook would refuse, and why.
	Refused []string `json:"refused,omitempty"`
	Error   string   `json:"error,omitempty"`
}

type clientAnswers struct {
	Clusters  []outbound `json:"clusters"`
	Resources *resources `json:"resources,omitempty"`
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
		a = ask(t, q)
	})
	if err != nil {
		return answer{ID: q.ID, Error: err.Error()}
	}
	return a
}

// ask builds the control plane for one mesh, reads each client's clusters from it, and follows the calls.
func ask(t test.Failer, q question) answer {
	w, err := readObjects(q)
	if err != nil {
		t.Fatal(err)
	}
	plane := startControlPlane(t, q.Mesh, w)
	a := answer{ID: q.ID, Clients: make([]clientAnswers, len(q.Clients)), Refused: w.refused}
	sent := make([]*configuration, len(q.Clients))
	for _, i := range gatewaysFirst(q.Clients) {
		proxy := plane.SetupProxy(proxyOf(i, q.Clients[i], q.Mesh))
		clusters := plane.Clusters(proxy)
		if a.Clients[i].Clusters, err = outboundClusters(clusters); err != nil {
			t.Fatal(err)
		}
		if len(q.Calls) == 0 && !q.Resources {
			continue
		}
		sent[i] = configurationOf(plane, proxy, clusters)
		if !q.Resources {
			continue
		}
		if a.Clients[i].Resources, err = sent[i].resources(); err != nil {
			t.Fatal(err)
		}
	}
	for _, call := range q.Calls {
		outcomes, err := sent[call.Client].answerOf(call, capturesOf(w, q.Clients[call.Client], q.Mesh))
		if err != nil {
			t.Fatalf("call %+v: %v", call, err)
		}
		a.Calls = append(a.Calls, outcomes)
	}
	return a
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
