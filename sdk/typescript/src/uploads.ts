/** CSV files that are sent without reading them into memory. */

/**
 * A CSV file: its text, its bytes, a file (`await fs.openAsBlob(path)` in Node), or a
 * stream. A stream cannot be sent again if the connection breaks. The `type` of a Blob may
 * say more: `text/csv; header=absent`, or `text/csv; charset=windows-1252`.
 */
export type CsvSource =
  | string
  | Uint8Array<ArrayBuffer>
  | Blob
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>;

/** Return the type of a file; systems have other names for CSV than the API. */
export function findContentType(source: CsvSource): string {
  const type = source instanceof Blob ? source.type : "";
  return type.startsWith("text/csv;") ? type : "text/csv; charset=utf-8";
}

/** Return true if a retry can send the same content again. */
export function isRepeatable(source: CsvSource | undefined): boolean {
  return (
    source === undefined ||
    typeof source === "string" ||
    source instanceof Uint8Array ||
    source instanceof Blob
  );
}

/** Return the content in parts; the source may take any time for each of them. */
export function openUpload(
  source: CsvSource,
  watchdog: { stop(): void; restart(): void },
): ReadableStream<Uint8Array> {
  const isInMemory = typeof source === "string" || source instanceof Uint8Array;
  const given = isInMemory ? new Blob([source]) : source;
  const stream = given instanceof Blob ? given.stream() : given;
  const chunks = stream[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      watchdog.stop();
      const { done, value } = await chunks.next();
      watchdog.restart();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await chunks.return?.();
    },
  });
}
