package main

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// This file says which calls a workload's network hands to its sidecar: istio-init's own program writes the
// rules of iptables, and they are followed here as a kernel follows them.

// captureSettings are the arguments of istio-init that concern outbound calls.
type captureSettings struct {
	includePorts, excludePorts, includeRanges, excludeRanges string
}

// capturesOf are the settings of a client's workloads, or what holds for the mesh where there is none.
func capturesOf(w world, c client, f facts) []captureSettings {
	all := []captureSettings{}
	for _, one := range w.workloads {
		if one.Namespace == c.Namespace && labels.SelectorFromSet(c.Labels).Matches(labels.Set(one.Labels)) {
			all = append(all, settingsOf(one, f))
		}
	}
	if len(all) == 0 {
		all = append(all, settingsOf(metav1.ObjectMeta{}, f))
	}
	return all
}

// settingsOf does what the template of the injector does (manifests/charts/istio-control/istio-discovery/files).
func settingsOf(meta metav1.ObjectMeta, f facts) captureSettings {
	read := func(name string, ofMesh []string) string {
		if own, isThere := meta.Annotations["traffic.sidecar.istio.io/"+name]; isThere {
			return own
		}
		return strings.Join(ofMesh, ",")
	}
	includeRanges := f.IncludeOutboundIPRanges
	if includeRanges == nil {
		includeRanges = []string{"*"}
	}
	return captureSettings{
		includePorts:  read("includeOutboundPorts", f.IncludeOutboundPorts),
		excludePorts:  read("excludeOutboundPorts", f.ExcludeOutboundPorts),
		includeRanges: read("includeOutboundIPRanges", includeRanges),
		excludeRanges: read("excludeOutboundIPRanges", f.ExcludeOutboundIPRanges),
	}
}

// isCaptured says whether a call of an application comes to the sidecar.
func (s captureSettings) isCaptured(destination netip.AddrPort) (bool, error) {
	rules, err := captureRules(s)
	if err != nil {
		return false, err
	}
	chains := map[string][]string{}
	table := ""
	for _, line := range rules {
		switch fields := strings.Fields(line); {
		case strings.HasPrefix(line, "*"):
			table = strings.TrimSpace(line[1:])
		case table == "nat" && len(fields) > 2 && fields[0] == "-A":
			chains[fields[1]] = append(chains[fields[1]], strings.Join(fields[2:], " "))
		}
	}
	if len(chains["OUTPUT"]) == 0 {
		return false, fmt.Errorf("no rules for outbound calls: %v", rules)
	}
	isCaptured, _, err := followRules(chains, "OUTPUT", destination)
	return isCaptured, err
}

// followRules follows a chain until a rule redirects the call, or returns.
func followRules(
	chains map[string][]string, chain string, destination netip.AddrPort,
) (isCaptured, isDone bool, err error) {
	for _, rule := range chains[chain] {
		fits, target, err := ruleFits(strings.Fields(rule), destination)
		if err != nil {
			return false, false, fmt.Errorf("rule %q: %v", rule, err)
		}
		if !fits {
			continue
		}
		switch _, isChain := chains[target]; {
		case target == "RETURN":
			return false, false, nil
		case target == "REDIRECT":
			return true, true, nil
		case isChain:
			if isCaptured, isDone, err := followRules(chains, target, destination); isDone || err != nil {
				return isCaptured, isDone, err
			}
		default:
			return false, false, fmt.Errorf("unknown target %s", target)
		}
	}
	return false, false, nil
}

// ruleFits compares a rule with a connection over TCP that an application makes, who isn't the proxy's user,
// towards somewhere outside the Pod.
func ruleFits(fields []string, destination netip.AddrPort) (fits bool, target string, err error) {
	fits = true
	isNegated := false
	for i := 0; i < len(fields); i++ {
		option := fields[i]
		if option == "!" {
			isNegated = true
			continue
		}
		if i++; i >= len(fields) {
			return false, "", fmt.Errorf("%s has no value", option)
		}
		value := fields[i]
		holds := true
		switch option {
		case "-p":
			holds = value == "tcp"
		case "-d":
			if holds, err = isWithin(destination.Addr(), value); err != nil {
				return false, "", err
			}
		case "--dport":
			holds = value == strconv.Itoa(int(destination.Port()))
		case "-o":
			holds = value != "lo"
		case "-s", "--uid-owner", "--gid-owner":
			holds = false
		case "-m", "--to-ports":
			continue
		case "-j":
			target = value
		default:
			return false, "", fmt.Errorf("unknown condition %s", option)
		}
		fits = fits && holds != isNegated
		isNegated = false
	}
	return fits, target, nil
}

func isWithin(address netip.Addr, cidr string) (bool, error) {
	if !strings.Contains(cidr, "/") {
		one, err := netip.ParseAddr(cidr)
		return one == address, err
	}
	prefix, err := netip.ParsePrefix(cidr)
	return err == nil && prefix.Contains(address), err
}
