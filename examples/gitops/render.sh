#!/usr/bin/env bash
# Renders catalogues as YAML, without a cluster and without a state that is kept: one folder a stack.
# Run in a clone of istio-egress:  examples/gitops/render.sh FOLDER [STACK...]   (all team-* by default)
# A catalogue that the policy pack refuses is not rendered, and what was there before stays.
set -euo pipefail

out=$(realpath -m "$1")
shift
if [ $# -eq 0 ]; then
  for file in Pulumi.team-*.yaml; do
    stack=${file#Pulumi.}
    set -- "$@" "${stack%.yaml}"
  done
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/state"
export PULUMI_BACKEND_URL="file://$scratch/state" PULUMI_CONFIG_PASSPHRASE=none

for stack in "$@"; do
  # Pulumi writes a salt into the stack's file, and what is configured into the one that it is given.
  cp "Pulumi.$stack.yaml" "$scratch/catalogue.yaml"
  pulumi stack init "$stack" --non-interactive >&2
  cp "Pulumi.$stack.yaml" "$scratch/$stack.yaml"
  cp "$scratch/catalogue.yaml" "Pulumi.$stack.yaml"
  config=(--stack "$stack" --config-file "$scratch/$stack.yaml" --non-interactive)
  pulumi config set kubernetes:renderYamlToDirectory "$scratch/$stack" "${config[@]}" >&2
  pulumi up --yes --skip-preview --policy-pack policies "${config[@]}" >&2
  mkdir -p "$out"
  rm -rf "${out:?}/$stack"
  mv "$scratch/$stack" "$out/$stack"
done
