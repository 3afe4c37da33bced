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

/** Return the content as fetch sends it; `onProgress` is called for each chunk. */
export function openUpload(
  source: CsvSource,
  onProgress: () => void,
): string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> {
  if (typeof source === "string" || source instanceof Uint8Array) return source;
  const stream = source instanceof Blob ? source.stream() : source;
  const chunks = stream[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await chunks.next();
      onProgress();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await chunks.return?.();
    },
  });
}
