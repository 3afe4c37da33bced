/** Users, their points, and what redemptions grant them. */

import type { Pages } from "../pages.js";
import { AdminResource, type Query, type Schemas } from "./resource.js";

/**
 * Registered users, and personal data.
 *
 * @example
 * await admin.users.create({ user_id: freshName, is_member: true });
 * await admin.users.change(freshName, { is_member: false });
 * console.log((await admin.users.get(freshName)).is_member); // false
 * console.log((await admin.users.list({ limit: 1 }).page()).items.length); // 1
 * const { data } = await admin.users.export(freshName);
 * console.log(JSON.stringify(data).includes(freshName)); // true
 * await admin.users.erase(freshName);
 */
export class Users extends AdminResource {
  /** Register a user. */
  create(body: Schemas["CreateUser"]): Promise<Schemas["User"]> {
    return this.send("post", "/users", [], { body });
  }

  /** List the registered users. */
  list(query?: Query<"/users">): Pages<Schemas["User"]> {
    return this.pages("/users", [], "users", query);
  }

  /** Return a user. */
  get(userId: string): Promise<Schemas["User"]> {
    return this.send("get", "/users/{user_id}", [userId]);
  }

  /** Change members of a user. */
  change(userId: string, body: Schemas["UpdateUser"]): Promise<Schemas["User"]> {
    return this.send("patch", "/users/{user_id}", [userId], { body });
  }

  /** Return everything that is stored about a user. */
  export(userId: string): Promise<Schemas["PersonalData"]> {
    return this.send("get", "/users/{user_id}/export", [userId]);
  }

  /** Replace the ID of a user by a pseudonym everywhere; this cannot be undone. */
  erase(
    userId: string,
    body: Schemas["ErasureRequest"] = {},
  ): Promise<Schemas["Erasure"]> {
    return this.send("post", "/users/{user_id}/erase", [userId], { body });
  }
}

/**
 * Points of users, with which they buy coupons.
 *
 * @example
 * const change = { user_id: knownUser, point_id: "gold", amount: 5 };
 * await admin.points.credit(change);
 * console.log((await admin.points.debit(change)).amount); // -5
 * const [wallet] = (await admin.points.wallets({ user_id: knownUser }).page()).items;
 * console.log(wallet?.balance); // 5
 * const { total } = await admin.points.entries({ user_id: knownUser }).page();
 * console.log(total); // 3
 */
export class Points extends AdminResource {
  /** Add points to a wallet. */
  credit(body: Schemas["PointChange"]): Promise<Schemas["PointEntry"]> {
    return this.send("post", "/points/credit", [], { body });
  }

  /** Take points from a wallet; a Conflict if there are not enough. */
  debit(body: Schemas["PointChange"]): Promise<Schemas["PointEntry"]> {
    return this.send("post", "/points/debit", [], { body });
  }

  /** List the balances. */
  wallets(query?: Query<"/points/wallets">): Pages<Schemas["Wallet"]> {
    return this.pages("/points/wallets", [], "wallets", query);
  }

  /** List the changes of balances, newest first. */
  entries(query?: Query<"/points/entries">): Pages<Schemas["PointEntry"]> {
    return this.pages("/points/entries", [], "entries", query);
  }
}

/**
 * Reward items: what redemptions grant.
 *
 * @example
 * const sword = { name: "Sword", reward_type: "item", payload: { level: 1 } };
 * const { item_id } = await admin.rewards.create(sword);
 * await admin.rewards.change(item_id, { description: "Sharp" });
 * await admin.rewards.replace(item_id, { ...sword, name: "Long sword" });
 * const { name, description } = await admin.rewards.get(item_id);
 * console.log(`${name}:${description}`); // Long sword:
 * console.log((await admin.rewards.list({ limit: 1 }).page()).items.length); // 1
 * await admin.rewards.delete(item_id);
 */
export class Rewards extends AdminResource {
  /** Create a reward item. */
  create(body: Schemas["CreateRewardItem"]): Promise<Schemas["AdminRewardItem"]> {
    return this.send("post", "/rewards", [], { body });
  }

  /** List the reward items. */
  list(query?: Query<"/rewards">): Pages<Schemas["AdminRewardItem"]> {
    return this.pages("/rewards", [], "reward_items", query);
  }

  /** Return a reward item. */
  get(itemId: string): Promise<Schemas["AdminRewardItem"]> {
    return this.send("get", "/rewards/{item_id}", [itemId]);
  }

  /** Replace a reward item; what is left out gets its default. */
  replace(
    itemId: string,
    body: Schemas["CreateRewardItem"],
  ): Promise<Schemas["AdminRewardItem"]> {
    return this.send("put", "/rewards/{item_id}", [itemId], { body });
  }

  /** Change members of a reward item. */
  change(
    itemId: string,
    body: Schemas["UpdateRewardItem"],
  ): Promise<Schemas["AdminRewardItem"]> {
    return this.send("patch", "/rewards/{item_id}", [itemId], { body });
  }

  /** Delete a reward item; a Conflict if a definition names it. */
  delete(itemId: string): Promise<void> {
    return this.send("delete", "/rewards/{item_id}", [itemId]);
  }
}
