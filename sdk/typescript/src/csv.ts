/** CSV downloads that are not kept in memory. */

import { AnswerTooLarge, UnexpectedAnswer } from "./errors.js";
import { type Call, describeCall } from "./requests.js";
import type { Runner } from "./runner.js";

/** A row of a CSV file, by the names of its columns. */
export type Row = Record<string, string>;

/**
 * A CSV file: iterate over its bytes with `for await`, over its `rows()`, or pass it to
 * `fs.writeFile`.
 *
 * Each iteration downloads it from the beginning, in parts: it may have any size, and each
 * part may take the `timeoutSeconds` of the client. A connection that breaks on the way is
 * an error, never the end of the file.
 *
 * @example
 * let size = 0;
 * for await (const part of admin.reports.export("funnel")) size += part.length;
 * console.log(size > 0); // true
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

  /**
   * Yield the rows by the names of their columns.
   *
   * @example
   * const file = admin.codes.export({ definition_id: definitionId });
   * for await (const row of file.rows()) console.log(row.code === code); // true
   */
  async *rows(): AsyncGenerator<Row> {
    const decoder = new TextDecoder("utf-8", { fatal: true }); // it removes a byte order mark
    const reader = new RowReader(describeCall(this.#call), this.#runner.maxAnswerBytes);
    for await (const part of this) {
      yield* reader.read(() => decoder.decode(part, { stream: true }));
    }
    yield* reader.read(() => `${decoder.decode()}\n`);
    reader.end();
  }
}

/** Turns the text of a CSV file (RFC 4180) into rows. */
class RowReader {
  #columns: readonly string[] | null = null;
  #record = ""; // the begin of a row that is not complete
  #isQuoted = false;

  constructor(
    readonly title: string,
    readonly limit: number,
  ) {}

  /** Yield the rows that a part of the text completes. */
  *read(decode: () => string): Generator<Row> {
    const text = this.#decode(decode);
    let start = 0;
    for (let end = 0; end < text.length; end += 1) {
      if (text[end] === '"') this.#isQuoted = !this.#isQuoted;
      else if (text[end] === "\n" && !this.#isQuoted) {
        const row = this.#complete(text.slice(start, end).replace(/\r$/, ""));
        if (row) yield row;
        start = end + 1;
      }
    }
    this.#record += text.slice(start);
    this.#checkSize(this.#record);
  }

  /** Throw if the file ends within a row. */
  end(): void {
    if (this.#isQuoted) throw this.#describe("a quoted field does not end");
  }

  #decode(decode: () => string): string {
    try {
      return decode();
    } catch {
      throw this.#describe("it is not UTF-8");
    }
  }

  #complete(end: string): Row | null {
    const record = this.#record + end;
    this.#record = "";
    this.#checkSize(record);
    if (record === "") return null;
    const values = splitRecord(record);
    const columns = this.#columns;
    if (columns === null) {
      this.#columns = values;
      return null;
    }
    if (values.length !== columns.length) {
      throw this.#describe(`${values.length} values for ${columns.length} columns`);
    }
    return Object.fromEntries(columns.map((name, index) => [name, values[index]!]));
  }

  #checkSize({ length: size }: string): void {
    const title = `A row of the answer of ${this.title}`;
    if (size > this.limit) throw new AnswerTooLarge(200, title, { size, limit: this.limit });
  }

  #describe(reason: string): UnexpectedAnswer {
    const message = `The answer of ${this.title} cannot be read as CSV: ${reason}.`;
    return new UnexpectedAnswer(200, message);
  }
}

function splitRecord(record: string): string[] {
  // Each match is a field, quoted or not, between commas.
  return Array.from(
    record.matchAll(/(?<=^|,)(?:"((?:[^"]|"")*)"|([^,]*))(?=,|$)/g),
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? "",
  );
}
