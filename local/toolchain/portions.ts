/** A package that a build compiles, and how much source it has. */
export interface Package {
  path: string;
  /** In bytes. */
  size: number;
  /** Whether a call of `go build` may name it, and gets no program of it: a package of a module that isn't a program. */
  isNamed: boolean;
}

/**
 * How much source, in bytes, one call of `go build` compiles. Until the call ends, Go keeps a second copy of all that it
 * compiles (docs/performance.md has figures). Fewer calls leave a core idle less often.
 */
const PORTION_SIZE = 40_000_000;

/**
 * Packages in portions that are compiled one after another, in the order that they have: what a package
 * imports stands before it, as `go list -deps` writes it. The last portion is left out: whatever links the programs compiles it.
 * @param limit how much source a portion has at most, in bytes; a larger package is a portion of its own
 * @example portions([{ path: "a", size: 3 }, { path: "b", size: 3 }, { path: "c", size: 1 }], 4) // [[a]]
 */
export function portions(packages: readonly Package[], limit = PORTION_SIZE): Package[][] {
  const all: Package[][] = [];
  let room = 0;
  for (const one of packages) {
    if (one.size > room || all.length === 0) {
      all.push([]);
      room = limit;
    }
    all.at(-1)!.push(one);
    room -= one.size;
  }
  return all.slice(0, -1);
}
