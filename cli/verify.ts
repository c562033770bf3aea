import { Command, InvalidArgumentError } from "commander";
import { verify, type VerifyOptions } from "./verify/verify.js";

const HELP = `
Examples:
  istio-egress verify                                  the embedded mesh, if it is up
  istio-egress verify --stack prod --context prod-eu
  istio-egress verify --traffic                        and the task's requests, typed in its Pods
  istio-egress verify --json

It compares with the API server and istiod, not with Pulumi: are the Pods, Services, addresses and
rules there as Pulumi.<stack>.yaml declares, and does istiod send each sidecar the TLS that is
meant? Of Istio's objects every field counts, also an added one. Where one differs, its row shows
the field as declared and as found. What isn't so yet, such as a sidecar that isn't connected, is
waited for as long as --patience says. Of a guard its policies and bindings are compared, too.

With --traffic every client calls every alias: the request of the stack's outputs, run by curl in
the client's Pod. A call is well if the answer isn't an error, has the text that the catalogue's
answer says, comes from the alias's address, and, for plain HTTP, is signed by the client's sidecar.
What the network doesn't allow (no DNS answer, no connection, no answer in time) has rows of its
own: they say nothing about TLS, and are no success. It takes a cluster with real containers.

Which cluster: --kubeconfig and --context; else the one that the stack's configuration names (where
its kubeconfig is a secret, Pulumi opens it); else an embedded mesh that is up; else as kubectl
chooses.

Rights that it takes there, all of them for reading: in the catalogue's namespaces get services,
destinationrules, serviceentries and virtualservices, list pods and endpointslices; in istiod's
namespace list pods, create and get pods/portforward (without credentials istiod answers its own
loopback alone). Where the catalogue has a guard, get validatingadmissionpolicies and
validatingadmissionpolicybindings. For --traffic in the clients' namespaces create and get
pods/exec, too: curl is all that is run there.

Exit codes: 0 as declared, 1 something differs (or no sidecar is connected) or a call failed,
2 no cluster or istiod to compare with, or a catalogue with mistakes.`;

/** `istio-egress verify`: whether reality is what the catalogue declares. */
export function command(): Command {
  return new Command("verify")
    .option("-s, --stack <name>", "the stack, so the catalogue in Pulumi.<name>.yaml", "dev")
    .option("--kubeconfig <file>", "the cluster's kubeconfig")
    .option("--context <name>", "the kubeconfig's context")
    .option("--patience <seconds>", "how long reality has to become as declared", seconds, 10)
    .option("--traffic", "let the clients' Pods call the aliases, too")
    .option("--json", "for programs")
    .addHelpText("after", HELP)
    .action(async (options: VerifyOptions) => {
      process.exitCode = await verify(options);
    });
}

function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= 0) return value;
  throw new InvalidArgumentError("Write a number of seconds, such as 10.");
}
