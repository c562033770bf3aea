import path from "node:path";
import { command } from "../../cli/posture.js";
import { assertRefuses, REPOSITORY } from "./command.js";

describe("istio-egress posture", () => {
  const refused: [story: string, args: string[], message: RegExp][] = [
    ["nothing to look at", [], /nothing to look at: give -f FILES/],
    [
      "a stack and a file",
      ["--stack", "dev", "x.yaml"],
      /a stack or files, not both: give --stack or x\.yaml/,
    ],
    ["a deployed file", ["--deployed", "x.yaml"], /--deployed does nothing without --stack/],
    ["an engine for files", ["--embedded", "x.yaml"], /--embedded does nothing without --stack/],
    [
      "a pack for what is deployed",
      ["--stack", "dev", "--deployed", "--policy-pack-config", "x.json"],
      /'--deployed' cannot be used with option '--policy-pack-config <file>'/,
    ],
    [
      "a folder without a project",
      ["--stack", "dev", "--project", path.join(REPOSITORY, "docs")],
      /docs: no Pulumi\.yaml here\. Name its folder with --project/,
    ],
  ];
  for (const [story, args, message] of refused) {
    it(`refuses ${story}`, () => assertRefuses(command(), args, message));
  }
});
