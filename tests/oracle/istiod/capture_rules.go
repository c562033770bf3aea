package main

import (
	"istio.io/istio/tools/common/config"
	"istio.io/istio/tools/istio-iptables/pkg/capture"
	"istio.io/istio/tools/istio-iptables/pkg/dependencies"
)

// captureRules are the rules that istio-init would hand to iptables-restore.
func captureRules(s captureSettings) ([]string, error) {
	cfg := config.DefaultConfig()
	cfg.ProxyUID, cfg.ProxyGID = "1337", "1337"
	cfg.InboundInterceptionMode, cfg.InboundPortsInclude = "REDIRECT", "*"
	cfg.OutboundPortsInclude, cfg.OutboundPortsExclude = s.includePorts, s.excludePorts
	cfg.OutboundIPRangesInclude, cfg.OutboundIPRangesExclude = s.includeRanges, s.excludeRanges
	cfg.ForceApply = true
	recorder := &dependencies.DependenciesStub{}
	configurator, err := capture.NewIptablesConfigurator(cfg, recorder)
	if err != nil {
		return nil, err
	}
	err = configurator.Run()
	return recorder.ExecutedStdin, err
}
