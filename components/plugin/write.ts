/** `npm run schemas:plugin`: writes the plugin's schema. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { format } from "prettier";
import { pluginSchema } from "./schema.js";

async function write(): Promise<void> {
  const file = path.join(__dirname, "schema.json");
  writeFileSync(
    file,
    await format(JSON.stringify(pluginSchema()), { parser: "json", printWidth: 100 }),
  );
}

void write();
