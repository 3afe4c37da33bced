/** The client of the query gateway: validate, redeem and reserve codes. */

import { Client } from "./client.js";
import { type Credential, Hmac } from "./credentials.js";
import type { components, paths } from "./openapi/query.js";
import type { Answer, Item, Query } from "./operations.js";
import type { ClientOptions } from "./options.js";
import { Pages } from "./pages.js";
import type { Call, Id, QueryValues } from "./requests.js";

type Schemas = components["schemas"];
type Path = keyof paths & `/v1/coupons/${string}`;
export type Coupon = Schemas["Coupon"];
export type PlayerDefinition = Schemas["Definition"];
export type Reservation = Schemas["Reservation"];
export type Validation = Schemas["Validation"];
export type RedeemOptions = Omit<Schemas["RedeemBody"], "user_id">;
export type ReserveOptions = Omit<Schemas["ReserveBody"], "user_id">;

/**
 * A client of the query gateway.
 *
 * @example
 * const shop = new Coupons(queryUrl, new Hmac(tenantId, tenantSecret));
 * console.log((await shop.validate(code, userId)).valid); // true
 */
export class Coupons extends Client {
  private readonly base: string;

  constructor(
    baseUrl: string,
    credential: Credential | null,
    options: ClientOptions = {},
  ) {
    super(baseUrl, credential, options);
    // A signature names the tenant in the path, a token names it itself.
    const tenant = credential instanceof Hmac ? [credential.tenantId] : [];
    this.base = ["/v1/coupons", ...tenant.map(encodeURIComponent)].join("/");
  }

  /**
   * Return whether a code can be redeemed now, and why not.
   *
   * An unusable code is an answer, never an error; so is a text that cannot be a code.
   *
   * @example
   * console.log((await coupons.validate(code, userId)).valid); // true
   * console.log((await coupons.validate("no/such/code")).error_code); // COUPON_NOT_FOUND
   */
  validate(code: string, userId?: string): Promise<Validation> {
    const query = { user_id: userId };
    return this.send("get", "/v1/coupons/validate/{code}", [code], { query });
  }

  /**
   * Redeem a code, and return the coupon after it.
   *
   * `reference`, for example the ID of an order, and `metadata` are stored with the
   * redemption.
   *
   * @throws CouponRefused The code cannot be used; `code` says why.
   *
   * @example
   * const coupon = await coupons.redeem(code, userId, { reference: "order-17" });
   * console.log(coupon.status); // redeemed
   * const again = coupons.redeem(code, userId);
   * console.log((await again.catch((error) => error)).code); // ALREADY_REDEEMED
   */
  redeem(code: string, userId: string, options: RedeemOptions = {}): Promise<Coupon> {
    const body = { user_id: userId, ...options };
    return this.send("post", "/v1/coupons/redeem/{code}", [code], { body });
  }

  /**
   * Hold a use of a code for a while, by default 15 minutes.
   *
   * @throws CouponRefused The code cannot be used; `code` says why.
   *
   * @example
   * const { reservation_id } = await coupons.reserve(code, userId, { ttl_seconds: 60 });
   * console.log((await coupons.confirm(reservation_id)).status); // redeemed
   */
  reserve(
    code: string,
    userId: string,
    options: ReserveOptions = {},
  ): Promise<Reservation> {
    const body = { user_id: userId, ...options };
    return this.send("post", "/v1/coupons/reserve/{code}", [code], { body });
  }

  /**
   * Redeem what a reservation holds; a repetition answers the same.
   *
   * @throws CouponRefused It was released, or has ended and the use is gone.
   *
   * @example
   * console.log((await coupons.confirm(reservationId)).redemption_count); // 1
   */
  confirm(reservationId: string): Promise<Coupon> {
    const path = "/v1/coupons/reservations/{reservation_id}/confirm";
    return this.send("post", path, [reservationId]);
  }

  /**
   * Give back what a reservation holds; a repetition answers the same.
   *
   * @throws CouponRefused It was confirmed, or is unknown.
   *
   * @example
   * await coupons.release(reservationId);
   */
  release(reservationId: string): Promise<void> {
    const path = "/v1/coupons/reservations/{reservation_id}";
    return this.send("delete", path, [reservationId]);
  }

  /**
   * List the coupons of a user, newest first.
   *
   * @example
   * for await (const coupon of coupons.list(userId, { status: "active" })) {
   *   console.log(coupon.code === code); // true
   * }
   */
  list(
    userId: string,
    query?: Query<paths, "/v1/coupons/user/{user_id}">,
  ): Pages<Coupon> {
    return this.pages("/v1/coupons/user/{user_id}", [userId], "coupons", query);
  }

  /**
   * Return a coupon of a user; NotFound if there is none, or it is another user's.
   *
   * @example
   * console.log((await coupons.get(userId, couponId)).code === code); // true
   */
  get(userId: string, couponId: string): Promise<Coupon> {
    const path = "/v1/coupons/user/{user_id}/{coupon_id}";
    return this.send("get", path, [userId, couponId]);
  }

  /**
   * List the coupons that a user has redeemed, latest use first.
   *
   * @example
   * await coupons.redeem(code, userId);
   * console.log((await coupons.history(userId).page()).total); // 1
   */
  history(userId: string, query?: { limit?: number }): Pages<Coupon> {
    const path = "/v1/coupons/user/{user_id}/redemptions";
    return this.pages(path, [userId], "redemptions", query);
  }

  /**
   * List the active definitions.
   *
   * @example
   * const page = await coupons.definitions({ limit: 1 }).page();
   * console.log(page.items[0]?.status); // active
   */
  definitions(query?: { limit?: number }): Pages<PlayerDefinition> {
    return this.pages("/v1/coupons/definitions", [], "definitions", query);
  }

  private send<V extends "get" | "post" | "delete", P extends Path>(
    verb: V,
    path: P,
    ids: Id[],
    rest: Pick<Call, "query" | "body"> = {},
  ): Promise<Answer<paths, P, V>> {
    const isRefusable = !path.startsWith("/v1/coupons/user/");
    const call = { ...this.describe(verb, path, ids), ...rest, isRefusable };
    return this.runner.run(call) as Promise<Answer<paths, P, V>>;
  }

  private pages<P extends Path, M extends string & keyof Answer<paths, P, "get">>(
    path: P,
    ids: Id[],
    member: M,
    query: object = {},
  ): Pages<Item<Answer<paths, P, "get">, M>> {
    const call = { ...this.describe("get", path, ids), query: query as QueryValues };
    return new Pages(this.runner, call, member);
  }

  private describe(verb: string, path: Path, ids: Id[]): Call {
    const below = path.slice("/v1/coupons".length);
    return { method: verb.toUpperCase(), path: this.base + below, ids };
  }
}
