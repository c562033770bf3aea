/** How big a stack's configuration may be. */

/** Linux hands no longer string to a program (MAX_ARG_STRLEN), its end counted. */
const LONGEST_STRING = 131_072;
/** From here on a warning says what to write. */
const NEAR = 0.8 * LONGEST_STRING;

/** How the engine hands the configuration to the program. */
const VARIABLE = "PULUMI_CONFIG=";

/**
 * What to say of a stack's configuration that is too big, or nearly, for the engine to hand over:
 * it does so in one environment variable.
 *
 * @param config values by `<namespace>:<key>`, as in the stack file or as the engine has them
 * @returns undefined if there is room
 */
export function sizeMistake(
  config: Readonly<Record<string, unknown>>,
): { isTooBig: boolean; message: string } | undefined {
  const values = Object.entries(config).map(([key, value]): [string, string] => [
    key,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  const text = VARIABLE + JSON.stringify(Object.fromEntries(values));
  // As Go writes it, these are six characters each.
  const size = Buffer.byteLength(text) + 5 * (text.match(/[<>&\u2028\u2029]/g)?.length ?? 0) + 1;
  if (size <= NEAR) return undefined;
  const isTooBig = size > LONGEST_STRING;
  const kB = (bytes: number) => `${Math.ceil(bytes / 1024)} kB`;
  const message =
    `the configuration takes ${kB(size)}, and Pulumi can hand ${kB(LONGEST_STRING)} to a program on ` +
    `Linux${isTooBig ? "" : '; beyond that it ends with "argument list too long"'}. Move aliases into ` +
    "files: write files: [catalogue/*.yaml] in the catalogue, and aliases: in catalogue/<team>.yaml";
  return { isTooBig, message };
}
