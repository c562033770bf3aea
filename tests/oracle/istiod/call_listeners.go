package main

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"

	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pkg/wellknown"
)

// This file does what Envoy does with a connection until it is handed to a chain of filters.

// connection is what Envoy sees of a call before it chooses the filters.
type connection struct {
	call
	destination netip.AddrPort
}

func connectionOf(c call) (connection, error) {
	address, err := netip.ParseAddr(c.Address)
	if err != nil {
		return connection{}, fmt.Errorf("the address of a call: %v", err)
	}
	if !slices.Contains([]string{"http", "tls", "tcp", "server-first"}, c.Sends) {
		return connection{}, fmt.Errorf("a call sends %q", c.Sends)
	}
	return connection{c, netip.AddrPortFrom(address.Unmap(), uint16(c.Port))}, nil
}

// listenerOf follows use_original_dst of the virtual listener: the exact address, then the port on any
// address, then the virtual listener itself.
func (c *configuration) listenerOf(connection connection) *listenerv3.Listener {
	var anyAddress, virtual *listenerv3.Listener
	for _, listener := range c.listeners {
		if listener.GetName() == model.VirtualOutboundListenerName {
			virtual = listener
			continue
		}
		for _, address := range addressesOf(listener) {
			if address == connection.destination {
				return listener
			}
			isAny := address.Addr().IsUnspecified() && address.Addr().Is4() == connection.destination.Addr().Is4()
			if isAny && address.Port() == connection.destination.Port() {
				anyAddress = listener
			}
		}
	}
	if anyAddress != nil {
		return anyAddress
	}
	return virtual
}

func addressesOf(listener *listenerv3.Listener) []netip.AddrPort {
	all := []*corev3.Address{listener.GetAddress()}
	for _, additional := range listener.GetAdditionalAddresses() {
		all = append(all, additional.GetAddress())
	}
	addresses := []netip.AddrPort{}
	for _, one := range all {
		socket := one.GetSocketAddress()
		address, err := netip.ParseAddr(socket.GetAddress())
		if err == nil && socket.GetProtocol() == corev3.SocketAddress_TCP {
			addresses = append(addresses, netip.AddrPortFrom(address.Unmap(), uint16(socket.GetPortValue())))
		}
	}
	return addresses
}

// seen is what the listener's inspectors find out about a connection.
type seen struct {
	transport    string
	serverName   string
	applications []string
}

// alpn is what a client of TLS offers: curl's own list.
var alpn = []string{"h2", "http/1.1"}

func inspect(listener *listenerv3.Listener, connection connection) (seen, error) {
	s := seen{transport: "raw_buffer"}
	for _, filter := range listener.GetListenerFilters() {
		off, err := isDisabled(filter.GetFilterDisabled(), connection)
		if err != nil {
			return s, err
		}
		if off {
			continue
		}
		switch filter.GetName() {
		case wellknown.TLSInspector:
			if connection.Sends == "tls" {
				s = seen{"tls", strings.ToLower(connection.Host), alpn}
			}
		case wellknown.HTTPInspector:
			if connection.Sends == "http" {
				s.applications = []string{"http/1.1"}
			}
		case wellknown.OriginalDestination:
		default:
			return s, fmt.Errorf("unknown listener filter %s", filter.GetName())
		}
	}
	return s, nil
}

// waitsForEver says whether the proxy waits for a client's first bytes while the client waits for the server's.
func waitsForEver(listener *listenerv3.Listener, connection connection) (bool, error) {
	if connection.Sends != "server-first" {
		return false, nil
	}
	goesOn := listener.GetContinueOnListenerFiltersTimeout() && listener.GetListenerFiltersTimeout().AsDuration() > 0
	for _, filter := range listener.GetListenerFilters() {
		off, err := isDisabled(filter.GetFilterDisabled(), connection)
		if err != nil {
			return false, err
		}
		reads := filter.GetName() == wellknown.TLSInspector || filter.GetName() == wellknown.HTTPInspector
		if reads && !off && !goesOn {
			return true, nil
		}
	}
	return false, nil
}

func isDisabled(match *listenerv3.ListenerFilterChainMatchPredicate, connection connection) (bool, error) {
	switch rule := match.GetRule().(type) {
	case nil:
		return false, nil
	case *listenerv3.ListenerFilterChainMatchPredicate_AnyMatch:
		return rule.AnyMatch, nil
	case *listenerv3.ListenerFilterChainMatchPredicate_DestinationPortRange:
		port := int32(connection.destination.Port())
		return rule.DestinationPortRange.GetStart() <= port && port < rule.DestinationPortRange.GetEnd(), nil
	case *listenerv3.ListenerFilterChainMatchPredicate_NotMatch:
		holds, err := isDisabled(rule.NotMatch, connection)
		return !holds, err
	case *listenerv3.ListenerFilterChainMatchPredicate_OrMatch:
		for _, one := range rule.OrMatch.GetRules() {
			if holds, err := isDisabled(one, connection); holds || err != nil {
				return holds, err
			}
		}
		return false, nil
	}
	return false, fmt.Errorf("unknown condition of a listener filter: %v", match)
}

// errRefused tells of a listener that no Envoy takes: what it does with a call isn't to be known then.
var errRefused = errors.New("Envoy refuses the listener")

// isRefused knows the names that istiod takes from objects and Envoy doesn't: wildcards within a label.
func isRefused(listener *listenerv3.Listener) bool {
	for _, chain := range listener.GetFilterChains() {
		for _, name := range chain.GetFilterChainMatch().GetServerNames() {
			if strings.HasPrefix(name, "*") && !strings.HasPrefix(name, "*.") && name != "*" {
				return true
			}
		}
	}
	return false
}

// chainOf narrows the chains by one condition after another, in Envoy's order. It keeps those alone that
// are most specific, and never returns to less specific ones where a later condition isn't met.
func chainOf(listener *listenerv3.Listener, connection connection) (*listenerv3.FilterChain, error) {
	if listener.GetFilterChainMatcher() != nil {
		return nil, fmt.Errorf("has a matcher of filter chains")
	}
	if isRefused(listener) {
		return nil, errRefused
	}
	seen, err := inspect(listener, connection)
	if err != nil {
		return nil, err
	}
	chains := listener.GetFilterChains()
	for _, condition := range []func(*listenerv3.FilterChainMatch) int{
		func(m *listenerv3.FilterChainMatch) int { return portRank(m, connection) },
		func(m *listenerv3.FilterChainMatch) int { return addressRank(m, connection) },
		func(m *listenerv3.FilterChainMatch) int { return serverNameRank(m.GetServerNames(), seen.serverName) },
		func(m *listenerv3.FilterChainMatch) int { return textRank(m.GetTransportProtocol(), seen.transport) },
		func(m *listenerv3.FilterChainMatch) int { return applicationRank(m, seen) },
	} {
		chains = mostSpecific(chains, condition)
	}
	switch {
	case len(chains) == 0:
		return listener.GetDefaultFilterChain(), nil
	case len(chains) > 1:
		// Two chains with one match.
		return nil, errRefused
	case hasOtherConditions(chains[0].GetFilterChainMatch()):
		return nil, fmt.Errorf("a filter chain has a condition on the source")
	}
	return chains[0], nil
}

// mostSpecific keeps the chains of the highest rank; a negative one doesn't fit.
func mostSpecific(
	chains []*listenerv3.FilterChain, rank func(*listenerv3.FilterChainMatch) int,
) []*listenerv3.FilterChain {
	best, kept := 0, []*listenerv3.FilterChain{}
	for _, chain := range chains {
		switch r := rank(chain.GetFilterChainMatch()); {
		case r > best:
			best, kept = r, []*listenerv3.FilterChain{chain}
		case r == best:
			kept = append(kept, chain)
		}
	}
	return kept
}

func portRank(match *listenerv3.FilterChainMatch, connection connection) int {
	switch match.GetDestinationPort().GetValue() {
	case 0:
		return 0
	case uint32(connection.destination.Port()):
		return 1
	}
	return -1
}

func addressRank(match *listenerv3.FilterChainMatch, connection connection) int {
	if len(match.GetPrefixRanges()) == 0 {
		return 0
	}
	rank := -1
	for _, one := range match.GetPrefixRanges() {
		address, err := netip.ParseAddr(one.GetAddressPrefix())
		if err != nil {
			continue
		}
		prefix := netip.PrefixFrom(address, int(one.GetPrefixLen().GetValue()))
		if prefix.Contains(connection.destination.Addr()) {
			rank = max(rank, prefix.Bits())
		}
	}
	return rank
}

func serverNameRank(names []string, serverName string) int {
	if len(names) == 0 {
		return 0
	}
	rank := -1
	for _, name := range names {
		// Case doesn't matter on either side.
		name = strings.ToLower(name)
		suffix, isWildcard := strings.CutPrefix(name, "*")
		switch {
		case !isWildcard && name == serverName:
			return 1 << 16
		case isWildcard && suffix == "":
			rank = max(rank, 0)
		case isWildcard && strings.HasSuffix(serverName, suffix) && len(serverName) > len(suffix):
			rank = max(rank, len(suffix))
		}
	}
	return rank
}

func textRank(wanted, found string) int {
	switch wanted {
	case "":
		return 0
	case found:
		return 1
	}
	return -1
}

// applicationRank prefers the protocol that the client names first.
func applicationRank(match *listenerv3.FilterChainMatch, seen seen) int {
	if len(match.GetApplicationProtocols()) == 0 {
		return 0
	}
	for i, one := range seen.applications {
		if slices.Contains(match.GetApplicationProtocols(), one) {
			return len(seen.applications) - i
		}
	}
	return -1
}

func hasOtherConditions(match *listenerv3.FilterChainMatch) bool {
	return len(match.GetSourcePrefixRanges()) > 0 || len(match.GetSourcePorts()) > 0 ||
		len(match.GetDirectSourcePrefixRanges()) > 0 || match.GetSourceType() != listenerv3.FilterChainMatch_ANY
}
