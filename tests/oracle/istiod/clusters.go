package main

import (
	"fmt"
	"strings"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	proxyprotocolv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/proxy_protocol/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"

	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/pkg/networking/util"
	"istio.io/istio/pkg/wellknown"
)

// outbound is one cluster that a client would be sent.
type outbound struct {
	Host   string `json:"host"`
	Port   int    `json:"port"`
	Subset string `json:"subset"`
	// PLAIN, AUTO, SIMPLE, MUTUAL or ISTIO_MUTUAL
	TLS string `json:"tls"`
	// The DestinationRule as namespace/name; empty where none applies.
	Rule string `json:"rule,omitempty"`
}

// outboundClusters keeps the clusters towards services, and refuses a name of a kind it doesn't know.
func outboundClusters(clusters []*clusterv3.Cluster) ([]outbound, error) {
	kept := []outbound{}
	for _, c := range clusters {
		if !isTowardsService(c.Name) {
			continue
		}
		direction, subset, host, port := model.ParseSubsetKey(c.Name)
		if direction != model.TrafficDirectionOutbound {
			return nil, fmt.Errorf("cluster of an unknown kind: %s", c.Name)
		}
		tls, err := tlsOf(c)
		if err != nil {
			return nil, fmt.Errorf("cluster %s: %v", c.Name, err)
		}
		kept = append(kept, outbound{string(host), port, subset, tls, ruleOf(c)})
	}
	return kept, nil
}

func isTowardsService(name string) bool {
	switch name {
	case util.BlackHoleCluster, util.PassthroughCluster:
		return false
	}
	// Older generations have one of these for each family of addresses.
	if strings.HasPrefix(name, "InboundPassthroughCluster") {
		return false
	}
	return !strings.HasPrefix(name, string(model.TrafficDirectionInbound)+"|")
}

// ruleOf reads the rule from the metadata that istiod leaves for telemetry, a path such as
// /apis/networking.istio.io/v1/namespaces/n/destination-rule/name.
func ruleOf(c *clusterv3.Cluster) string {
	path := c.GetMetadata().GetFilterMetadata()[util.IstioMetadataKey].GetFields()["config"].GetStringValue()
	parts := strings.Split(path, "/")
	if len(parts) != 8 {
		return ""
	}
	return parts[5] + "/" + parts[7]
}

// tlsOf is the class of a whole cluster: one socket for all endpoints, or one chosen by endpoint.
func tlsOf(c *clusterv3.Cluster) (string, error) {
	matches := c.GetTransportSocketMatches()
	if len(matches) == 0 {
		return socketClass(c.GetTransportSocket())
	}
	classes := map[string]string{}
	for _, match := range matches {
		class, err := socketClass(match.GetTransportSocket())
		if err != nil {
			return "", err
		}
		classes[match.GetName()] = class
	}
	if len(classes) == 2 && classes["tlsMode-istio"] == "ISTIO_MUTUAL" && classes["tlsMode-disabled"] == "PLAIN" {
		return "AUTO", nil
	}
	return "", fmt.Errorf("unknown set of transport sockets %v", classes)
}

func socketClass(socket *corev3.TransportSocket) (string, error) {
	if socket == nil {
		return "PLAIN", nil
	}
	switch socket.GetName() {
	case wellknown.TransportSocketRawBuffer, "raw_buffer":
		return "PLAIN", nil
	case proxyProtocolSocket:
		wrapper := &proxyprotocolv3.ProxyProtocolUpstreamTransport{}
		if err := socket.GetTypedConfig().UnmarshalTo(wrapper); err != nil {
			return "", err
		}
		return socketClass(wrapper.GetTransportSocket())
	case wellknown.TransportSocketTLS:
		context := &tlsv3.UpstreamTlsContext{}
		if err := socket.GetTypedConfig().UnmarshalTo(context); err != nil {
			return "", err
		}
		return tlsClass(context.GetCommonTlsContext()), nil
	}
	return "", fmt.Errorf("unknown transport socket %s", socket.GetName())
}

// Older generations have no name for it.
const proxyProtocolSocket = "envoy.transport_sockets.upstream_proxy_protocol"

// tlsClass tells whose certificate is shown: the workload's own, another one, or none.
func tlsClass(context *tlsv3.CommonTlsContext) string {
	certificates := context.GetTlsCertificateSdsSecretConfigs()
	for _, certificate := range certificates {
		if certificate.GetName() == "default" {
			return "ISTIO_MUTUAL"
		}
	}
	if len(certificates) > 0 || len(context.GetTlsCertificates()) > 0 {
		return "MUTUAL"
	}
	return "SIMPLE"
}
