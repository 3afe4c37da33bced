/** Codes of all definitions: search, export, import, and changes of many at once. */

import type { CsvStream } from "../csv.js";
import type { Pages } from "../pages.js";
import type { CsvSource } from "../uploads.js";
import { AdminResource, type CsvOptions, type Query, type Schemas } from "./resource.js";

/** How codes are imported. */
export type ImportOptions = CsvOptions & {
  /** Import the valid lines even if others are not. */
  partial?: boolean;
  /** Leave out codes that exist. */
  skip_used?: boolean;
};

/**
 * Codes of all definitions.
 *
 * @example
 * const file = `code,user_id\n${freshName},ann\n`;
 * console.log((await admin.codes.importCsv(definitionId, file)).done); // 1
 * const [found] = (await admin.codes.search(code.toLowerCase())).hits;
 * console.log(found?.match); // normalized
 * console.log((await admin.codes.get(couponId)).effective_status); // active
 * const assigned = await admin.codes.assign({ code: looseCode, user_id: "zoe" });
 * console.log(assigned.user_id); // zoe
 * for await (const row of admin.codes.export({ user_id: "zoe" }).rows()) row.code;
 * for await (const coupon of admin.codes.list({ user_id: "zoe" })) coupon.code;
 */
export class Codes extends AdminResource {
  /** List codes, newest first. */
  list(query?: Query<"/codes">): Pages<Schemas["CouponWithBatch"]> {
    return this.pages("/codes", [], "coupons", query);
  }

  /** Download codes as CSV, without keeping them in memory. */
  export(query?: Omit<Query<"/codes/export">, "limit">): CsvStream {
    return this.download("/codes/export", query);
  }

  /** Import existing codes, without keeping the file in memory. */
  importCsv(
    definitionId: string,
    source: CsvSource,
    query?: ImportOptions,
  ): Promise<Schemas["CodeImport"]> {
    return this.send("post", "/coupons/{definition_id}/import", [definitionId], {
      query,
      upload: source,
    });
  }

  /** Return a coupon with what happened to it. */
  get(couponId: string): Promise<Schemas["CouponWithTimeline"]> {
    return this.send("get", "/codes/{coupon_id}", [couponId]);
  }

  /** Give an unassigned code to a user; a Conflict if it is assigned, or shared. */
  assign(body: Schemas["AssignCode"]): Promise<Schemas["Coupon"]> {
    return this.send("post", "/codes/assign", [], { body });
  }

  /** Find codes by what a user types: a code, also mistyped, an ID, a reference. */
  search(q: string, query: { limit?: number } = {}): Promise<Schemas["SearchResult"]> {
    return this.send("get", "/codes/search", [], { query: { q, ...query } });
  }

  /** Revoke all codes of a user or a batch. */
  revoke(body: Schemas["UserOrBatch"]): Promise<Schemas["CodeChange"]> {
    return this.send("post", "/codes/revoke", [], { body });
  }

  /** Make all revoked codes of a user or a batch valid again. */
  restore(body: Schemas["UserOrBatch"]): Promise<Schemas["CodeChange"]> {
    return this.send("post", "/codes/restore", [], { body });
  }

  /**
   * Change the expiry of many codes; null returns to that of the definition.
   *
   * @example
   * const trial = { definition_id: definitionId, dry_run: true };
   * const change = { ...trial, expires_at: "2099-12-31" };
   * console.log((await admin.codes.changeExpiry(change)).done); // 1
   * const later = { batch_id: batchId, expires_at: "2099-12-31" };
   * console.log((await admin.codes.extend(later)).kind); // extend
   * console.log((await admin.codes.revoke({ user_id: userId })).done); // 1
   * console.log((await admin.codes.restore({ user_id: userId })).done); // 1
   */
  changeExpiry(body: Schemas["CodeExpiry"]): Promise<Schemas["ExpiryJob"]> {
    return this.send("post", "/codes/expiry", [], { body });
  }

  /** Let the codes of a batch expire later. */
  extend(body: Schemas["ExtendCodes"]): Promise<Schemas["CodeJob"]> {
    return this.send("post", "/codes/extend", [], { body });
  }
}
