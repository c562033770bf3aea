package main

import "fmt"

// captureRules are those of a workload that says nothing: istio-init of older generations isn't part of their
// oracles. This file is built in place of tests/oracle/istiod/capture_rules.go.
func captureRules(s captureSettings) ([]string, error) {
	if s != (captureSettings{includeRanges: "*"}) {
		return nil, fmt.Errorf("the oracle of this generation knows no exclusions from capture")
	}
	return []string{"*nat", "-A OUTPUT -p tcp -j REDIRECT", "COMMIT"}, nil
}
