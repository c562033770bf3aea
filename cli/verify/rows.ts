import type { Catalogue } from "../../catalogue/catalogue.js";
import { guardRows } from "./guard-rows.js";
import { aliasRows, podRow } from "./object-rows.js";
import type { Reality } from "./reality.js";
import type { Row } from "./row.js";
import { tlsRows } from "./tls-rows.js";

/** Everything that a catalogue declares, compared with reality, in the order of the catalogue. */
export function rowsOf(catalogue: Catalogue, reality: Reality): Row[] {
  const { mesh, clients, aliases } = catalogue;
  return [
    ...clients.map((client) => podRow(client, reality)),
    ...aliases.flatMap((alias) => aliasRows(alias, mesh, reality)),
    ...guardRows(catalogue, reality),
    ...clients
      .filter(({ injected }) => injected)
      .flatMap((client) => aliases.flatMap((alias) => tlsRows(client, alias, mesh, reality))),
  ];
}
