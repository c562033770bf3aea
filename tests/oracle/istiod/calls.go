package main

import (
	"encoding/json"
	"errors"
	"fmt"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/pkg/xds/endpoints"
)

// call is one connection of an application, as its sidecar gets it.
type call struct {
	// Who calls, by its place among the clients of the question.
	Client  int    `json:"client"`
	Address string `json:"address"`
	Port    int    `json:"port"`
	// http, tls, tcp or server-first: what the application writes, or that it waits for the server's words.
	Sends string `json:"sends"`
	// The Host header or the server name; empty: none.
	Host string `json:"host,omitempty"`
	// Of an HTTP request; empty: the root.
	Path string `json:"path,omitempty"`
}

// outcome is what becomes of a call, or of the share of it that a weighted route gives.
type outcome struct {
	// cluster, passthrough, blackhole, direct, no-route, no-cluster, response, waits, or refused: Envoy takes no
	// such listener
	Via     string `json:"via"`
	Cluster string `json:"cluster,omitempty"`
	// none, SIMPLE, MUTUAL or ISTIO_MUTUAL; of a cluster
	TLS string `json:"tls,omitempty"`
	// The server name of the TLS, where the cluster's rule names one.
	SNI string `json:"sni,omitempty"`
}

// configuration is what istiod sends to one proxy, as far as the way of a call goes.
type configuration struct {
	listeners []*listenerv3.Listener
	routes    map[string]*routev3.RouteConfiguration
	clusters  map[string]*clusterv3.Cluster
	// Of the clusters that get their endpoints apart from them.
	endpoints map[string]*endpointv3.ClusterLoadAssignment
}

func configurationOf(plane *controlPlane, proxy *model.Proxy, clusters []*clusterv3.Cluster) *configuration {
	c := &configuration{
		listeners: plane.Listeners(proxy),
		routes:    map[string]*routev3.RouteConfiguration{},
		clusters:  map[string]*clusterv3.Cluster{},
		endpoints: map[string]*endpointv3.ClusterLoadAssignment{},
	}
	for _, route := range plane.RoutesFromListeners(proxy, c.listeners) {
		c.routes[route.GetName()] = route
	}
	for _, cluster := range clusters {
		c.clusters[cluster.GetName()] = cluster
		if cluster.GetType() == clusterv3.Cluster_EDS {
			builder := endpoints.NewEndpointBuilder(cluster.GetName(), proxy, plane.PushContext())
			c.endpoints[cluster.GetName()] = builder.BuildClusterLoadAssignment(plane.Env().EndpointIndex)
		}
	}
	return c
}

// answerOf says what becomes of a call of workloads with these settings.
func (c *configuration) answerOf(call call, settings []captureSettings) ([]outcome, error) {
	connection, err := connectionOf(call)
	if err != nil {
		return nil, err
	}
	all := []outcome{}
	for _, one := range settings {
		isCaptured, err := one.isCaptured(connection.destination)
		if err != nil {
			return nil, err
		}
		outcomes := []outcome{{Via: "direct"}}
		if isCaptured {
			if outcomes, err = c.answer(connection); err != nil {
				return nil, err
			}
		}
		all = append(all, outcomes...)
	}
	return all, nil
}

// answer says what Envoy would do with a connection, given this configuration.
func (c *configuration) answer(connection connection) ([]outcome, error) {
	listener := c.listenerOf(connection)
	if listener == nil {
		return nil, fmt.Errorf("no listener takes %s:%d", connection.Address, connection.Port)
	}
	if isStuck, err := waitsForEver(listener, connection); isStuck || err != nil {
		return []outcome{{Via: "waits"}}, err
	}
	chain, err := chainOf(listener, connection)
	if errors.Is(err, errRefused) {
		return []outcome{{Via: "refused"}}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("listener %s: %v", listener.GetName(), err)
	}
	if chain == nil {
		return []outcome{{Via: "blackhole"}}, nil
	}
	outcomes, err := c.followChain(chain, connection)
	if err != nil {
		return nil, fmt.Errorf("listener %s: %v", listener.GetName(), err)
	}
	return outcomes, nil
}

// resources is the configuration in Envoy's JSON, so that a real one can be given it.
type resources struct {
	Listeners []json.RawMessage `json:"listeners"`
	Routes    []json.RawMessage `json:"routes"`
	Clusters  []json.RawMessage `json:"clusters"`
	Endpoints []json.RawMessage `json:"endpoints"`
}

func (c *configuration) resources() (*resources, error) {
	none := []json.RawMessage{}
	r := &resources{none, none, none, none}
	for _, listener := range c.listeners {
		if err := appendJSON(&r.Listeners, listener); err != nil {
			return nil, err
		}
	}
	for _, route := range c.routes {
		if err := appendJSON(&r.Routes, route); err != nil {
			return nil, err
		}
	}
	for _, cluster := range c.clusters {
		if err := appendJSON(&r.Clusters, cluster); err != nil {
			return nil, err
		}
	}
	for _, assignment := range c.endpoints {
		if err := appendJSON(&r.Endpoints, assignment); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func appendJSON(list *[]json.RawMessage, message proto.Message) error {
	text, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(message)
	*list = append(*list, text)
	return err
}
