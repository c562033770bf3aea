package main

import (
	"fmt"
	"strings"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tcpproxyv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"
	proxyprotocolv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/proxy_protocol/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/proto"

	"istio.io/istio/pilot/pkg/networking/util"
	"istio.io/istio/pkg/wellknown"
)

// This file follows a chain of filters to the clusters, and says how Envoy connects to them.

// passing are the filters that look at a connection and hand it on.
var passing = map[string]bool{
	"istio.stats":             true,
	"istio.metadata_exchange": true,
	wellknown.MongoProxy:      true,
	// It looks up the name that a cluster of DYNAMIC_DNS then connects to.
	"envoy.extensions.filters.network.sni_dynamic_forward_proxy": true,
}

func (c *configuration) followChain(chain *listenerv3.FilterChain, connection connection) ([]outcome, error) {
	if chain.GetTransportSocket() != nil {
		return nil, fmt.Errorf("the chain ends the client's TLS")
	}
	for _, filter := range chain.GetFilters() {
		switch filter.GetName() {
		case wellknown.TCPProxy:
			proxy := &tcpproxyv3.TcpProxy{}
			if err := filter.GetTypedConfig().UnmarshalTo(proxy); err != nil {
				return nil, err
			}
			return c.followTCP(proxy)
		case wellknown.HTTPConnectionManager:
			manager := &hcmv3.HttpConnectionManager{}
			if err := filter.GetTypedConfig().UnmarshalTo(manager); err != nil {
				return nil, err
			}
			return c.followHTTP(manager, connection)
		}
		if !passing[filter.GetName()] {
			return nil, fmt.Errorf("unknown network filter %s", filter.GetName())
		}
	}
	return nil, fmt.Errorf("a chain without an end")
}

func (c *configuration) followTCP(proxy *tcpproxyv3.TcpProxy) ([]outcome, error) {
	if proxy.GetCluster() != "" {
		return c.towards([]string{proxy.GetCluster()})
	}
	names := []string{}
	for _, one := range proxy.GetWeightedClusters().GetClusters() {
		if one.GetWeight() > 0 {
			names = append(names, one.GetName())
		}
	}
	return c.towards(names)
}

func (c *configuration) followHTTP(manager *hcmv3.HttpConnectionManager, connection connection) ([]outcome, error) {
	if connection.Sends == "server-first" {
		return []outcome{{Via: "waits"}}, nil
	}
	// What isn't HTTP, and HTTP without a host, is answered with 400.
	if connection.Sends != "http" || connection.Host == "" {
		return []outcome{{Via: "response"}}, nil
	}
	var routes *routev3.RouteConfiguration
	switch specifier := manager.GetRouteSpecifier().(type) {
	case *hcmv3.HttpConnectionManager_RouteConfig:
		routes = specifier.RouteConfig
	case *hcmv3.HttpConnectionManager_Rds:
		routes = c.routes[specifier.Rds.GetRouteConfigName()]
	}
	if routes == nil {
		return nil, fmt.Errorf("no routes for a manager of HTTP connections")
	}
	host := virtualHostOf(routes, connection.Host)
	if host == nil {
		return []outcome{{Via: "no-route"}}, nil
	}
	route, err := routeOf(host, requestOf(connection))
	if err != nil {
		return nil, err
	}
	if route == nil {
		return []outcome{{Via: "no-route"}}, nil
	}
	return c.followRoute(host, route)
}

func (c *configuration) followRoute(host *routev3.VirtualHost, route *routev3.Route) ([]outcome, error) {
	switch action := route.GetAction().(type) {
	case *routev3.Route_Redirect:
		return []outcome{{Via: "response"}}, nil
	case *routev3.Route_DirectResponse:
		// How istiod writes REGISTRY_ONLY into routes.
		if host.GetName() == util.BlackHole {
			return []outcome{{Via: "blackhole"}}, nil
		}
		return []outcome{{Via: "response"}}, nil
	case *routev3.Route_Route:
		switch specifier := action.Route.GetClusterSpecifier().(type) {
		case *routev3.RouteAction_Cluster:
			return c.towards([]string{specifier.Cluster})
		case *routev3.RouteAction_WeightedClusters:
			names := []string{}
			for _, one := range specifier.WeightedClusters.GetClusters() {
				if one.GetWeight().GetValue() > 0 {
					names = append(names, one.GetName())
				}
			}
			return c.towards(names)
		}
	}
	return nil, fmt.Errorf("unknown action of a route: %v", route)
}

func (c *configuration) towards(names []string) ([]outcome, error) {
	outcomes := []outcome{}
	for _, name := range names {
		one, err := c.outcomeOf(name)
		if err != nil {
			return nil, err
		}
		outcomes = append(outcomes, one)
	}
	return outcomes, nil
}

func (c *configuration) outcomeOf(name string) (outcome, error) {
	cluster, isThere := c.clusters[name]
	switch {
	case !isThere:
		return outcome{Via: "no-cluster", Cluster: name}, nil
	case name == util.PassthroughCluster:
		return outcome{Via: "passthrough"}, nil
	case name == util.BlackHoleCluster:
		return outcome{Via: "blackhole"}, nil
	case !isTowardsService(name):
		return outcome{}, fmt.Errorf("a call to cluster %s", name)
	}
	tls, sni, err := c.connects(cluster)
	return outcome{"cluster", name, tls, sni}, err
}

// connects says how Envoy connects to the cluster's endpoints: automatic mutual TLS counts where each of
// them takes it.
func (c *configuration) connects(cluster *clusterv3.Cluster) (tls, sni string, err error) {
	sockets := []*corev3.TransportSocket{}
	for _, endpoint := range c.endpointsOf(cluster) {
		sockets = append(sockets, socketFor(cluster, endpoint))
	}
	if len(sockets) == 0 {
		sockets = append(sockets, socketFor(cluster, nil))
	}
	for i, socket := range sockets {
		class, name, err := connectionClass(socket)
		if err != nil {
			return "", "", err
		}
		if i == 0 || class == "none" {
			tls, sni = class, name
		}
	}
	return tls, sni, nil
}

// endpointsOf are those that Envoy uses while all is well.
func (c *configuration) endpointsOf(cluster *clusterv3.Cluster) []*endpointv3.LbEndpoint {
	assignment := cluster.GetLoadAssignment()
	if cluster.GetType() == clusterv3.Cluster_EDS {
		assignment = c.endpoints[cluster.GetName()]
	}
	usable := []*endpointv3.LbEndpoint{}
	for _, locality := range assignment.GetEndpoints() {
		for _, endpoint := range locality.GetLbEndpoints() {
			switch endpoint.GetHealthStatus() {
			case corev3.HealthStatus_UNKNOWN, corev3.HealthStatus_HEALTHY:
				usable = append(usable, endpoint)
			}
		}
	}
	return usable
}

// socketFor is the first transport socket that the endpoint's metadata fits.
func socketFor(cluster *clusterv3.Cluster, endpoint *endpointv3.LbEndpoint) *corev3.TransportSocket {
	labels := endpoint.GetMetadata().GetFilterMetadata()[util.EnvoyTransportSocketMetadataKey].GetFields()
	for _, match := range cluster.GetTransportSocketMatches() {
		fits := true
		for key, wanted := range match.GetMatch().GetFields() {
			found, isThere := labels[key]
			fits = fits && isThere && proto.Equal(found, wanted)
		}
		if fits {
			return match.GetTransportSocket()
		}
	}
	return cluster.GetTransportSocket()
}

func connectionClass(socket *corev3.TransportSocket) (class, sni string, err error) {
	if class, err = socketClass(socket); err != nil {
		return "", "", err
	}
	if class == "PLAIN" {
		return "none", "", nil
	}
	sni, err = serverNameOf(socket)
	// Istio's own name of a place isn't one that a rule names.
	if strings.HasPrefix(sni, "outbound_.") {
		sni = ""
	}
	return class, sni, err
}

func serverNameOf(socket *corev3.TransportSocket) (string, error) {
	if socket.GetName() == proxyProtocolSocket {
		wrapper := &proxyprotocolv3.ProxyProtocolUpstreamTransport{}
		if err := socket.GetTypedConfig().UnmarshalTo(wrapper); err != nil {
			return "", err
		}
		return serverNameOf(wrapper.GetTransportSocket())
	}
	context := &tlsv3.UpstreamTlsContext{}
	if err := socket.GetTypedConfig().UnmarshalTo(context); err != nil {
		return "", err
	}
	return context.GetSni(), nil
}
