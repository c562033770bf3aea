import assert from "node:assert/strict";
import { type Change, CHANGES, requestTo } from "./changes.js";
import type { Forge } from "./forge.js";
import type { Ending, TeamClone } from "./teamClone.js";

/** What begins the one comment that is written anew. */
export const MARKER = "<!-- istio-egress:pr-report -->";

/** What a job that previews leaves. */
export interface Told extends Ending {
  /** The report's file, and what is in it. */
  file: string;
  report: string;
}

/** A forge's jobs, as its tests run them. */
export interface Jobs {
  team: TeamClone;
  forge: Forge;
  /** Previews request 7 with the change, against the team's state or the backend named. */
  preview: (clone: TeamClone, backend: Change["backend"]) => Promise<Told>;
  comment: (request: number, report: string) => Promise<Ending>;
}

/** Declares the tests that each kind of change has one comment, the same one, on any forge. */
export function itCommentsInOnePlace(jobs: () => Jobs): void {
  before(() => {
    const { forge } = jobs();
    forge.write(7, "somebody", `${MARKER} isn't only the robot's to write`);
    for (let remark = 0; remark < 120; remark++) forge.write(7, "somebody", `remark ${remark}`);
  });

  for (const one of CHANGES) {
    const { title, backend, exitCode, says } = one;
    it(`to ${title}`, async () => {
      const { team, forge, preview, comment } = jobs();
      const clone = await requestTo(team, one);
      try {
        const told = await preview(clone, backend);
        assert.equal(told.exitCode, exitCode, `${told.output}\n${told.report}`);
        for (const words of says) assert.match(told.report, words);
        const written = await comment(7, told.file);
        assert.equal(written.exitCode, 0, written.output);
        // The first of them made it, behind a page of others; each later one wrote it anew.
        assert.deepEqual(
          forge.robots(7).map(({ body }) => body),
          [told.report],
        );
      } finally {
        clone.remove();
      }
    });
  }

  it("has touched nobody else's", () => {
    const { forge } = jobs();
    const others = forge.comments(7).filter((one) => !forge.robots(7).includes(one));
    assert.deepEqual(
      others.map(({ body }) => body.replace(/ \d+$/, "")),
      [`${MARKER} isn't only the robot's to write`, ...Array<string>(120).fill("remark")],
    );
  });
}
