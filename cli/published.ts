/** The command as it is published, in the package istio-egress-cli. */
import { run } from "./program.js";
import { ANYWHERE } from "./subcommands.js";

const EXAMPLES = `
Examples:
  istio-egress judge -f deploy/            judge plain YAML: no cluster and no Pulumi needed
  istio-egress judge --kube                judge a live cluster, reading only
  istio-egress posture --stack staging     all effective TLS of a Pulumi stack
`;

void run(process.argv, ANYWHERE, EXAMPLES);
