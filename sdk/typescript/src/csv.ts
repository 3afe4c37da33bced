/** CSV downloads that are not kept in memory. */

import type { Call } from "./requests.js";
import type { Runner } from "./runner.js";

/** A row of a CSV file, by the names of its columns. */
export type Row = Record<string, string>;

/**
 * A CSV file: iterate over its bytes with `for await`, over its `rows()`, or pass it to
 * `fs.writeFile`.
 *
 * Each iteration downloads it from the beginning. A connection that breaks on the way is
 * an error, never the end of the file.
 */
export class CsvStream implements AsyncIterable<Uint8Array> {
  readonly #runner: Runner;
  readonly #call: Call;

  /** @internal */
  constructor(runner: Runner, call: Call) {
    this.#runner = runner;
    this.#call = call;
  }

  [Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    return this.#runner.stream(this.#call);
  }

  /** Yield the rows by the names of their columns. */
  async *rows(): AsyncGenerator<Row> {
    const decoder = new TextDecoder(); // it removes a byte order mark
    const reader = new RowReader();
    for await (const chunk of this) {
      yield* reader.read(decoder.decode(chunk, { stream: true }));
    }
    yield* reader.read(`${decoder.decode()}\n`);
  }
}

/** Turns the text of a CSV file (RFC 4180) into rows. */
class RowReader {
  #columns: readonly string[] | null = null;
  #pending = "";

  /** Yield the rows that a part of the text completes. */
  *read(text: string): Generator<Row> {
    const lines = (this.#pending + text).split("\n");
    this.#pending = lines.pop()!;
    let record = "";
    for (const line of lines) {
      record += record && "\n";
      record += line;
      if (countQuotes(record) % 2 === 1) continue; // a quoted field is open
      const row = this.#complete(record.replace(/\r$/, ""));
      if (row) yield row;
      record = "";
    }
    if (record) this.#pending = `${record}\n${this.#pending}`;
  }

  #complete(record: string): Row | null {
    if (record === "") return null;
    const values = splitRecord(record);
    const columns = this.#columns;
    if (columns === null) {
      this.#columns = values;
      return null;
    }
    return Object.fromEntries(columns.map((name, index) => [name, values[index] ?? ""]));
  }
}

function countQuotes(text: string): number {
  return text.split('"').length - 1;
}

function splitRecord(record: string): string[] {
  // Each match is a field, quoted or not, between commas.
  return Array.from(
    record.matchAll(/(?<=^|,)(?:"((?:[^"]|"")*)"|([^,]*))(?=,|$)/g),
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? "",
  );
}
