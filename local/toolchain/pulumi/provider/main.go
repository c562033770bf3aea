// Serves Pulumi's Kubernetes provider. The module's own main can't be built from the module alone: it
// embeds two files that only its release build makes, so the builder puts their sources beside this one.
package main

import (
	_ "embed"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
)

// The engine asks for a semantic version; the linker sets it.
var version = "0.0.0"

//go:embed schema.json
var schema []byte

//go:embed terraform-mapping.json
var terraformMapping []byte

func main() {
	provider.Serve("kubernetes", version, schema, terraformMapping)
}
