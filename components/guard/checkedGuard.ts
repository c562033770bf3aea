/** Checks the arguments of an EgressGuard by the catalogue's own rules: what it can't guard, it doesn't take. */
import { RunError } from "@pulumi/pulumi";
import { CATALOGUE_KEY, catalogueIssues } from "../../catalogue/error.js";
import { ONE_PLACE } from "../../catalogue/places.js";
import { guardRules } from "../../catalogue/rules.js";
import { guardArguments } from "../../catalogue/schema.js";

/** The arguments with their defaults; without `exemptNamespaces` where none are given. */
export type CheckedGuard = ReturnType<typeof guardArguments.parse>;

const checked = guardArguments.superRefine((guard, context) => {
  for (const { path, message } of guardRules(guard, guard.aliases)) {
    context.addIssue({ code: "custom", path, message });
  }
});

/**
 * @param title for messages: `EgressGuard "guard"`
 * @throws RunError (which Pulumi prints without a stack trace) with a line for each mistake
 */
export function checkedGuard(title: string, args: object): CheckedGuard {
  const { success, data, error } = checked.safeParse(args);
  if (success) return data;
  const lines = catalogueIssues(error, ONE_PLACE).map(({ key, message }) => {
    const own = key.slice(CATALOGUE_KEY.length + 1);
    return `${title}: ${own ? `${own}: ` : ""}${message}`;
  });
  throw new RunError(lines.join("\n"));
}
