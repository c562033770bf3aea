# What a `pulumi preview --json` would change, and to what: the same text for the same changes.
[
  .steps[]
  | select(.op != "same")
  | { op, urn, replaces: .replaceReasons, differs: .detailedDiff, inputs: .newState.inputs }
]
| sort_by(.urn, .op)
