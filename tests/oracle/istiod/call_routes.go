package main

import (
	"fmt"
	"regexp"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
)

// This file does what Envoy does with a request: it chooses a virtual host, a route and clusters.

// virtualHostOf looks for the name itself, then for the longest suffix, then for the longest prefix.
func virtualHostOf(routes *routev3.RouteConfiguration, authority string) *routev3.VirtualHost {
	name := strings.ToLower(authority)
	if routes.GetIgnorePortInHostMatching() {
		name = withoutPort(name)
	}
	var found *routev3.VirtualHost
	best := 0
	for _, host := range routes.GetVirtualHosts() {
		for _, domain := range host.GetDomains() {
			if rank := domainRank(strings.ToLower(domain), name); rank > best {
				best, found = rank, host
			}
		}
	}
	return found
}

const (
	domainPrefix = 1 << 16
	domainSuffix = 2 << 16
	domainExact  = 3 << 16
)

func domainRank(domain, name string) int {
	suffix, isSuffix := strings.CutPrefix(domain, "*")
	prefix, isPrefix := strings.CutSuffix(domain, "*")
	switch {
	case domain == "*":
		return 1
	case domain == name:
		return domainExact
	case isSuffix && strings.HasSuffix(name, suffix) && len(name) > len(suffix):
		return domainSuffix + len(suffix)
	case isPrefix && strings.HasPrefix(name, prefix) && len(name) > len(prefix):
		return domainPrefix + len(prefix)
	}
	return 0
}

func withoutPort(authority string) string {
	colon := strings.LastIndexByte(authority, ':')
	if colon < 0 || strings.HasSuffix(authority, "]") {
		return authority
	}
	if strings.Contains(authority[:colon], ":") && !strings.HasPrefix(authority, "[") {
		return authority
	}
	return authority[:colon]
}

// request is what routes are matched by.
type request struct {
	path    string
	headers map[string]string
}

// requestOf is a GET with no header but its host.
func requestOf(connection connection) request {
	path := connection.Path
	if path == "" {
		path = "/"
	}
	return request{path: path, headers: map[string]string{
		":method":    "GET",
		":path":      path,
		":scheme":    "http",
		":authority": connection.Host,
		"host":       connection.Host,
	}}
}

func routeOf(host *routev3.VirtualHost, request request) (*routev3.Route, error) {
	if host.GetMatcher() != nil || host.GetRequireTls() != routev3.VirtualHost_NONE {
		return nil, fmt.Errorf("virtual host %s has a matcher or wants TLS", host.GetName())
	}
	for _, route := range host.GetRoutes() {
		fits, err := routeFits(route.GetMatch(), request)
		if err != nil {
			return nil, fmt.Errorf("virtual host %s: %v", host.GetName(), err)
		}
		if fits {
			return route, nil
		}
	}
	return nil, nil
}

func routeFits(match *routev3.RouteMatch, request request) (bool, error) {
	if match.GetRuntimeFraction() != nil || len(match.GetDynamicMetadata()) > 0 ||
		match.GetTlsContext() != nil {
		return false, fmt.Errorf("unknown condition of a route: %v", match)
	}
	// No call is gRPC.
	if match.GetGrpc() != nil {
		return false, nil
	}
	fits, err := pathFits(match, request.path)
	if !fits || err != nil {
		return false, err
	}
	for _, header := range match.GetHeaders() {
		if fits, err := headerFits(header, request); !fits || err != nil {
			return false, err
		}
	}
	for _, parameter := range match.GetQueryParameters() {
		// No call has parameters.
		if fits, err := parameterFits(parameter); !fits || err != nil {
			return false, err
		}
	}
	return true, nil
}

func pathFits(match *routev3.RouteMatch, path string) (bool, error) {
	fold := func(text string) string { return text }
	if match.GetCaseSensitive() != nil && !match.GetCaseSensitive().GetValue() {
		fold = strings.ToLower
	}
	switch specifier := match.GetPathSpecifier().(type) {
	case *routev3.RouteMatch_Prefix:
		return strings.HasPrefix(fold(path), fold(specifier.Prefix)), nil
	case *routev3.RouteMatch_Path:
		return fold(path) == fold(specifier.Path), nil
	case *routev3.RouteMatch_PathSeparatedPrefix:
		prefix := fold(specifier.PathSeparatedPrefix)
		return fold(path) == prefix || strings.HasPrefix(fold(path), prefix+"/"), nil
	case *routev3.RouteMatch_SafeRegex:
		return wholly(specifier.SafeRegex.GetRegex(), path)
	}
	return false, fmt.Errorf("unknown condition on the path: %v", match)
}

func headerFits(header *routev3.HeaderMatcher, request request) (bool, error) {
	value, isThere := request.headers[strings.ToLower(header.GetName())]
	if !isThere && header.GetTreatMissingHeaderAsEmpty() {
		isThere = true
	}
	var fits bool
	var err error
	switch specifier := header.GetHeaderMatchSpecifier().(type) {
	case *routev3.HeaderMatcher_PresentMatch:
		fits = isThere == specifier.PresentMatch
	case *routev3.HeaderMatcher_StringMatch:
		if !isThere {
			// A value that isn't there meets no condition, whether inverted or not, but for its absence.
			return header.GetInvertMatch(), nil
		}
		fits, err = stringFits(specifier.StringMatch, value)
	default:
		err = fmt.Errorf("unknown condition on a header: %v", header)
	}
	return fits != header.GetInvertMatch(), err
}

func parameterFits(parameter *routev3.QueryParameterMatcher) (bool, error) {
	switch specifier := parameter.GetQueryParameterMatchSpecifier().(type) {
	case *routev3.QueryParameterMatcher_PresentMatch:
		return !specifier.PresentMatch, nil
	case *routev3.QueryParameterMatcher_StringMatch:
		return false, nil
	}
	return false, fmt.Errorf("unknown condition on a parameter: %v", parameter)
}

func stringFits(match *matcherv3.StringMatcher, value string) (bool, error) {
	fold := func(text string) string { return text }
	if match.GetIgnoreCase() {
		fold = strings.ToLower
	}
	switch pattern := match.GetMatchPattern().(type) {
	case *matcherv3.StringMatcher_Exact:
		return fold(value) == fold(pattern.Exact), nil
	case *matcherv3.StringMatcher_Prefix:
		return strings.HasPrefix(fold(value), fold(pattern.Prefix)), nil
	case *matcherv3.StringMatcher_Suffix:
		return strings.HasSuffix(fold(value), fold(pattern.Suffix)), nil
	case *matcherv3.StringMatcher_Contains:
		return strings.Contains(fold(value), fold(pattern.Contains)), nil
	case *matcherv3.StringMatcher_SafeRegex:
		return wholly(pattern.SafeRegex.GetRegex(), value)
	}
	return false, fmt.Errorf("unknown condition on a text: %v", match)
}

// wholly is Envoy's match of a regular expression, which is RE2's as Go's is.
func wholly(expression, text string) (bool, error) {
	compiled, err := regexp.Compile("^(?:" + expression + ")$")
	if err != nil {
		return false, err
	}
	return compiled.MatchString(text), nil
}
