/** Lists of the server, read page by page. */

import { UnexpectedAnswer } from "./errors.js";
import type { Call, QueryValues } from "./requests.js";
import type { Runner } from "./runner.js";

/** One page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** The number of all matches; null for lists that continue by `next`. */
  readonly total: number | null;
  readonly next: string | null;
  readonly hasMore: boolean | null;
}

type Position = { offset?: number } | { cursor?: string };

/**
 * A list: iterate over its items with `for await`, over its `pages()`, or get one `page()`.
 *
 * Nothing is sent before it is read; each iteration reads it from the beginning.
 *
 * @example
 * const keys = admin.apiKeys.list({ limit: 1 });
 * console.log((await keys.page()).items.length); // 1
 * const sizes = new Set<number>();
 * for await (const page of keys.pages()) sizes.add(page.items.length);
 * console.log(...sizes); // 1
 * for await (const { scopes } of keys) if (scopes.includes("keys")) break;
 */
export class Pages<T> implements AsyncIterable<T> {
  readonly #runner: Runner;
  readonly #call: Call;
  readonly #member: string;

  /** @internal `member` is the member of the answer that has the items. */
  constructor(runner: Runner, call: Call, member: string) {
    this.#runner = runner;
    this.#call = call;
    this.#member = member;
  }

  /** Return the first page, or the one at an offset or cursor (`Page.next`). */
  async page(position: Position = {}): Promise<Page<T>> {
    const query: QueryValues = { ...this.#call.query, ...position };
    const raw = (await this.#runner.run({ ...this.#call, query })) as RawPage;
    const items = raw[this.#member];
    if (!Array.isArray(items)) {
      const message = `The answer is not a list of ${this.#member}. Check baseUrl.`;
      throw new UnexpectedAnswer(200, message);
    }
    return {
      items,
      total: raw.total ?? null,
      next: raw.next ?? null,
      hasMore: raw.has_more ?? null,
    };
  }

  /** Yield the pages, each with up to `limit` items. */
  async *pages(): AsyncGenerator<Page<T>> {
    for (let position: Position | null = {}, offset = 0; position !== null;) {
      const page: Page<T> = await this.page(position);
      yield page;
      offset += page.items.length;
      position = findNext(page, offset);
    }
  }

  /** Yield the items. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for await (const page of this.pages()) yield* page.items;
  }
}

interface RawPage {
  total?: number;
  next?: string | null;
  has_more?: boolean;
  [member: string]: unknown;
}

function findNext<T>({ items, total, next }: Page<T>, offset: number): Position | null {
  if (total === null) return next ? { cursor: next } : null;
  return items.length > 0 && offset < total ? { offset } : null;
}
