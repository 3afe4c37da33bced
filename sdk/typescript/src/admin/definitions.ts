/** Definitions and their coupons. */

import type { Pages } from "../pages.js";
import { AdminResource, type Query, type Schemas } from "./resource.js";

/**
 * Definitions: the templates of coupons.
 *
 * @example
 * const config = { reward_item_id: itemId, limits: { per_user: 1 } };
 * const { id } = await admin.definitions.create({ name: freshName, config });
 * await admin.definitions.change(id, { config: { expires_at: "2099-12-31" } });
 * const { config: changed } = await admin.definitions.get(id);
 * console.log(changed.expires_at); // 2099-12-31T23:59:59Z
 * await admin.definitions.replace(id, { name: freshName, config });
 * const { total } = await admin.definitions.list({ name: freshName }).page();
 * console.log(total, (await admin.definitions.stats(id)).total); // 1 0
 * console.log((await admin.definitions.capacity(id)).remaining > 1_000_000); // true
 */
export class Definitions extends AdminResource {
  /** Create a definition. */
  create(body: Schemas["CreateDefinition"]): Promise<Schemas["Definition"]> {
    return this.send("post", "/coupons", [], { body });
  }

  /** List the definitions. */
  list(query?: Query<"/coupons">): Pages<Schemas["Definition"]> {
    return this.pages("/coupons", [], "definitions", query);
  }

  /** Return a definition. */
  get(definitionId: string): Promise<Schemas["Definition"]> {
    return this.send("get", "/coupons/{definition_id}", [definitionId]);
  }

  /** Replace a definition; what is left out gets its default. */
  replace(
    definitionId: string,
    body: Schemas["ReplaceDefinition"],
  ): Promise<Schemas["Definition"]> {
    return this.send("put", "/coupons/{definition_id}", [definitionId], { body });
  }

  /** Change members of a definition and of its `config`. */
  change(
    definitionId: string,
    body: Schemas["UpdateDefinition"],
  ): Promise<Schemas["Definition"]> {
    return this.send("patch", "/coupons/{definition_id}", [definitionId], { body });
  }

  /** Archive a definition. */
  delete(definitionId: string): Promise<void> {
    return this.send("delete", "/coupons/{definition_id}", [definitionId]);
  }

  /**
   * Stop generation; coupons that exist stay valid.
   *
   * @example
   * console.log((await admin.definitions.pause(definitionId)).status); // paused
   * console.log((await admin.definitions.archive(definitionId)).status); // archived
   * console.log((await admin.definitions.activate(definitionId)).status); // active
   * await admin.definitions.suspend(definitionId);
   * console.log((await admin.definitions.resume(definitionId)).suspended_at); // null
   * await admin.definitions.delete(definitionId);
   */
  pause(definitionId: string): Promise<Schemas["Definition"]> {
    return this.send("post", "/coupons/{definition_id}/pause", [definitionId]);
  }

  /** Resume a paused or archived definition. */
  activate(definitionId: string): Promise<Schemas["Definition"]> {
    return this.send("post", "/coupons/{definition_id}/activate", [definitionId]);
  }

  /** Stop all use; the history stays readable. */
  archive(definitionId: string): Promise<Schemas["Definition"]> {
    return this.send("post", "/coupons/{definition_id}/archive", [definitionId]);
  }

  /** Stop all use until it is resumed. */
  suspend(definitionId: string): Promise<Schemas["Definition"]> {
    return this.send("post", "/coupons/{definition_id}/suspend", [definitionId]);
  }

  /** End the suspension. */
  resume(definitionId: string): Promise<Schemas["Definition"]> {
    return this.send("post", "/coupons/{definition_id}/resume", [definitionId]);
  }

  /** Return how many coupons there are by status, and the redemptions. */
  stats(definitionId: string): Promise<Schemas["DefinitionStats"]> {
    return this.send("get", "/coupons/{definition_id}/stats", [definitionId]);
  }

  /** Return how many codes can still be generated. */
  capacity(definitionId: string): Promise<Schemas["CodeCapacity"]> {
    return this.send("get", "/coupons/{definition_id}/capacity", [definitionId]);
  }
}

/**
 * The coupons of a definition, one by one.
 *
 * @example
 * const [first] = (await admin.coupons.list(definitionId).page()).items;
 * console.log(first?.code === code); // true
 * console.log((await admin.coupons.ofCode(code).page()).total); // 1
 * await admin.coupons.change(definitionId, couponId, { expires_at: "2099-12-31" });
 * const changed = await admin.coupons.get(definitionId, couponId);
 * console.log(changed.expires_at); // 2099-12-31T23:59:59Z
 * await admin.coupons.revoke(definitionId, couponId);
 * console.log((await admin.coupons.restore(definitionId, couponId)).status); // active
 * const other = await admin.coupons.reissue(definitionId, couponId);
 * const revoked = await admin.coupons.revokeCode(definitionId, { code: other.code });
 * console.log(revoked.status); // revoked
 */
export class DefinitionCoupons extends AdminResource {
  /** List the coupons of a definition. */
  list(
    definitionId: string,
    query?: Query<"/coupons/{definition_id}/coupons">,
  ): Pages<Schemas["Coupon"]> {
    return this.pages(
      "/coupons/{definition_id}/coupons",
      [definitionId],
      "coupons",
      query,
    );
  }

  /** List the coupons with a code, of all users. */
  ofCode(code: string, query?: Query<"/coupons/codes/{code}">): Pages<Schemas["Coupon"]> {
    return this.pages("/coupons/codes/{code}", [code], "coupons", query);
  }

  /** Return a coupon. */
  get(definitionId: string, couponId: string): Promise<Schemas["Coupon"]> {
    return this.send("get", "/coupons/{definition_id}/coupons/{coupon_id}", [
      definitionId,
      couponId,
    ]);
  }

  /** Change the expiry or the metadata; null returns to that of the definition. */
  change(
    definitionId: string,
    couponId: string,
    body: Schemas["UpdateCoupon"],
  ): Promise<Schemas["CouponWithBatch"]> {
    return this.send(
      "patch",
      "/coupons/{definition_id}/coupons/{coupon_id}",
      [definitionId, couponId],
      { body },
    );
  }

  /** Revoke a coupon; a Conflict if it has been redeemed. */
  revoke(definitionId: string, couponId: string): Promise<Schemas["Coupon"]> {
    return this.send("post", "/coupons/{definition_id}/coupons/{coupon_id}/revoke", [
      definitionId,
      couponId,
    ]);
  }

  /** Revoke a coupon by its code, and by its user if several have it. */
  revokeCode(
    definitionId: string,
    body: Schemas["RevokeCoupon"],
  ): Promise<Schemas["Coupon"]> {
    return this.send("post", "/coupons/{definition_id}/coupons/revoke", [definitionId], {
      body,
    });
  }

  /** Make a revoked coupon valid again. */
  restore(definitionId: string, couponId: string): Promise<Schemas["Coupon"]> {
    return this.send("post", "/coupons/{definition_id}/coupons/{coupon_id}/restore", [
      definitionId,
      couponId,
    ]);
  }

  /** Revoke a coupon and give its user another one. */
  reissue(definitionId: string, couponId: string): Promise<Schemas["Coupon"]> {
    return this.send("post", "/coupons/{definition_id}/coupons/{coupon_id}/reissue", [
      definitionId,
      couponId,
    ]);
  }
}
