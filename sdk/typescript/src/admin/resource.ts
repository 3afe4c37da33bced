/** What the resources of the admin gateway share. */

import { CsvStream } from "../csv.js";
import type { components, paths } from "../openapi/admin.js";
import type { Answer, Item, Query as QueryOf } from "../operations.js";
import { Pages } from "../pages.js";
import type { Call, Id, QueryValues } from "../requests.js";
import type { Runner } from "../runner.js";

const BASE = "/v1/tenants/{tenant_id}";
type Base = typeof BASE;
type Verb = "get" | "post" | "put" | "patch" | "delete";

/** The documents of the admin API. */
export type Schemas = components["schemas"];
/** A path of the admin API below that of the tenant. */
export type Path = keyof paths extends infer P
  ? P extends `${Base}${infer R}`
    ? R
    : never
  : never;
type FullPath<P extends Path> = `${Base}${P}` & keyof paths;
type Get<P extends Path> = Answer<paths, FullPath<P>, "get">;
/** The parameters of a list or report. */
export type Query<P extends Path> = QueryOf<paths, FullPath<P>>;
/** Columns of a CSV file that are not read. */
export type CsvOptions = { ignore_columns?: string };

type Rest = Partial<Pick<Call, "query" | "body" | "upload" | "accept">>;

/** A group of methods below `/v1/tenants/{tenant_id}`. */
export abstract class AdminResource {
  /** @internal */
  protected readonly runner: Runner;
  /** @internal */
  protected readonly tenantId: string;

  /** @internal */
  constructor(runner: Runner, tenantId: string) {
    this.runner = runner;
    this.tenantId = tenantId;
  }

  /** @internal */
  protected send<V extends Verb, P extends Path>(
    verb: V,
    path: P,
    ids: readonly Id[] = [],
    rest: Rest = {},
  ): Promise<Answer<paths, FullPath<P>, V>> {
    type Result = Answer<paths, FullPath<P>, V>;
    return this.runner.run(this.describe(verb, path, ids, rest)) as Promise<Result>;
  }

  /** @internal */
  protected pages<P extends Path, M extends string & keyof Get<P>>(
    path: P,
    ids: readonly Id[],
    member: M,
    query: object = {},
  ): Pages<Item<Get<P>, M>> {
    const rest = { query: query as QueryValues };
    return new Pages(this.runner, this.describe("get", path, ids, rest), member);
  }

  /** @internal */
  protected download(path: Path, query: object = {}): CsvStream {
    const rest = { query: query as QueryValues };
    return new CsvStream(this.runner, this.describe("get", path, [], rest));
  }

  private describe(verb: Verb, path: Path, ids: readonly Id[], rest: Rest): Call {
    const place = { path: BASE + path, ids: [this.tenantId, ...ids] };
    return { method: verb.toUpperCase(), ...place, ...rest };
  }
}
