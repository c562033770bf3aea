package main

import (
	"context"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"istio.io/istio/pilot/pkg/model"
	kubelib "istio.io/istio/pkg/kube"
	"istio.io/istio/pkg/test"
)

// The endpoints of a slice depend on whether istiod has already seen the Pods behind the addresses, and
// it doesn't look again for an address that names no Pod. In a cluster the Pods come first; so they do
// here. A Service and a slice that no client sees, created last, tell that all the others are read.
const sentinel = "oracle-sentinel"

var sentinelService = &corev1.Service{
	ObjectMeta: metav1.ObjectMeta{
		Name: sentinel, Namespace: sentinel,
		Annotations: map[string]string{"networking.istio.io/exportTo": "."},
	},
	Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Name: "http", Port: 80}}},
}

var sentinelSlice = &discoveryv1.EndpointSlice{
	ObjectMeta: metav1.ObjectMeta{
		Name: sentinel, Namespace: sentinel,
		Labels: map[string]string{discoveryv1.LabelServiceName: sentinel},
	},
	AddressType: discoveryv1.AddressTypeIPv4,
}

// endpointUpdates hands the registries' endpoints to an index that exists only after them.
type endpointUpdates struct {
	model.XDSUpdater
	settled chan struct{}
	once    sync.Once
}

// EDSUpdate implements model.XDSUpdater.
func (u *endpointUpdates) EDSUpdate(
	shard model.ShardKey, hostname string, namespace string, entry []*model.IstioEndpoint,
) {
	u.XDSUpdater.EDSUpdate(shard, hostname, namespace, entry)
	if strings.HasPrefix(hostname, sentinel+".") {
		u.once.Do(func() { close(u.settled) })
	}
}

// createSlices adds the slices to the API server and waits until istiod has read them.
func createSlices(
	t test.Failer, client kubelib.Client, slices []*discoveryv1.EndpointSlice, updates *endpointUpdates,
) {
	for _, slice := range append(slices, sentinelSlice) {
		api := client.Kube().DiscoveryV1().EndpointSlices(slice.Namespace)
		if _, err := api.Create(context.Background(), slice, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case <-updates.settled:
	case <-time.After(10 * time.Second):
		t.Fatal("the endpoints weren't read within 10 s")
	}
}
