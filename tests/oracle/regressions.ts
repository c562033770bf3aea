/** Meshes on which the model once differed, each with what istiod answered. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Answer, Question } from "./question.js";

export interface Regression {
  /** The file's name without its ending. */
  name: string;
  /** One line: what istiod does here. */
  about: string;
  /** The generation that answered, as `--istio` names it. @default the newest */
  istio?: string;
  question: Question;
  /** istiod's answer, so that the model can be tested without istiod. */
  answer: Answer;
}

const FOLDER = path.join(__dirname, "regressions");

/** Every regression, by name. */
export function readRegressions(): Regression[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(".json"))
    .sort()
    .map((file) => ({
      ...(JSON.parse(readFileSync(path.join(FOLDER, file), "utf8")) as Omit<Regression, "name">),
      name: path.basename(file, ".json"),
    }));
}
