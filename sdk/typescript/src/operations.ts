/** Types of requests and answers, read from the types of an OpenAPI document. */

type Json<T> = T extends { content: { "application/json": infer D } } ? D : never;
type Successful<R> = R[keyof R & (200 | 201 | 202)];

/** What the operation at a path answers; void if it has no content. */
export type Answer<
  Paths,
  P extends keyof Paths,
  V extends string,
> = V extends keyof Paths[P]
  ? Paths[P][V] extends { responses: infer R }
    ? [Json<Successful<R>>] extends [never]
      ? void
      : Json<Successful<R>>
    : never
  : never;

/** An item of a list. */
export type Item<D, M extends keyof D> = D[M] extends readonly (infer T)[] ? T : never;

// What a page adds itself, and what has another form here.
type Position = "offset" | "cursor" | "next" | "metadata.KEY";

/** The parameters of a GET; of a list, those that select its items. */
export type Query<Paths, P extends keyof Paths> = Paths[P] extends {
  get: { parameters: { query?: infer Q } };
}
  ? Omit<NonNullable<Q>, Position> &
      ("metadata.KEY" extends keyof NonNullable<Q> ? { metadata?: Metadata } : unknown)
  : never;

/** Data of your own. */
export type Metadata = Readonly<Record<string, string | number | boolean>>;
