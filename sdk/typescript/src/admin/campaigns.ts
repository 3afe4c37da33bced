/** Campaigns, their packages and their creators. */

import type { Pages } from "../pages.js";
import type { CsvSource } from "../uploads.js";
import { AdminResource, type CsvOptions, type Query, type Schemas } from "./resource.js";

/**
 * Campaigns: promotions with definitions, packages and creators.
 *
 * @example
 * const zone = { name: freshName, time_zone: "Asia/Seoul" };
 * const { campaign_id } = await admin.campaigns.create(zone);
 * await admin.campaigns.change(campaign_id, { status: "COMPLETED" });
 * console.log((await admin.campaigns.get(campaign_id)).status); // COMPLETED
 * await admin.campaigns.suspend(campaign_id);
 * console.log((await admin.campaigns.resume(campaign_id)).suspended_at); // null
 * await admin.campaigns.addCreator(campaign_id, creatorKey);
 * for await (const { status } of admin.campaigns.listCreators(campaign_id)) {
 *   console.log(status); // ACTIVE
 * }
 * await admin.campaigns.removeCreator(campaign_id, creatorKey);
 * console.log((await admin.campaigns.stats(campaign_id)).redemptions); // 0
 * console.log((await admin.campaigns.list({ limit: 1 }).page()).items.length); // 1
 */
export class Campaigns extends AdminResource {
  /** Create a campaign. */
  create(body: Schemas["CreateCampaign"]): Promise<Schemas["Campaign"]> {
    return this.send("post", "/campaigns", [], { body });
  }

  /** List the campaigns. */
  list(query?: Query<"/campaigns">): Pages<Schemas["Campaign"]> {
    return this.pages("/campaigns", [], "campaigns", query);
  }

  /** Return a campaign. */
  get(campaignId: string): Promise<Schemas["Campaign"]> {
    return this.send("get", "/campaigns/{campaign_id}", [campaignId]);
  }

  /** Change members of a campaign. */
  change(
    campaignId: string,
    body: Schemas["UpdateCampaign"],
  ): Promise<Schemas["Campaign"]> {
    return this.send("patch", "/campaigns/{campaign_id}", [campaignId], { body });
  }

  /** Stop the use of all codes of a campaign until it is resumed. */
  suspend(campaignId: string): Promise<Schemas["Campaign"]> {
    return this.send("post", "/campaigns/{campaign_id}/suspend", [campaignId]);
  }

  /** End the suspension. */
  resume(campaignId: string): Promise<Schemas["Campaign"]> {
    return this.send("post", "/campaigns/{campaign_id}/resume", [campaignId]);
  }

  /** Return codes, redemptions and users. */
  stats(campaignId: string): Promise<Schemas["CampaignStats"]> {
    return this.send("get", "/campaigns/{campaign_id}/stats", [campaignId]);
  }

  /** List the creators of a campaign. */
  listCreators(
    campaignId: string,
    query?: Query<"/campaigns/{campaign_id}/creators">,
  ): Pages<Schemas["Creator"]> {
    return this.pages(
      "/campaigns/{campaign_id}/creators",
      [campaignId],
      "creators",
      query,
    );
  }

  /** Add a creator to a campaign. */
  addCreator(campaignId: string, creatorKey: string): Promise<Schemas["Creator"]> {
    return this.send("put", "/campaigns/{campaign_id}/creators/{creator_key}", [
      campaignId,
      creatorKey,
    ]);
  }

  /** Remove a creator from a campaign. */
  removeCreator(campaignId: string, creatorKey: string): Promise<void> {
    return this.send("delete", "/campaigns/{campaign_id}/creators/{creator_key}", [
      campaignId,
      creatorKey,
    ]);
  }
}

/**
 * Packages: what the codes of creators grant.
 *
 * @example
 * const { package_id } = await admin.packages.create(campaignId, {
 *   item_name: { en: "Gems" },
 *   rewards: [{ itemId: "gem", itemQuantity: 10 }],
 * });
 * await admin.packages.change(package_id, { max_total_usage: 9 });
 * console.log((await admin.packages.get(package_id)).max_total_usage); // 9
 * const packages = admin.packages.list({ campaign_id: campaignId });
 * console.log((await packages.page()).total); // 2
 */
export class Packages extends AdminResource {
  /** Create a package of a campaign. */
  create(
    campaignId: string,
    body: Schemas["CreatePackage"],
  ): Promise<Schemas["Package"]> {
    return this.send("post", "/campaigns/{campaign_id}/packages", [campaignId], { body });
  }

  /** List the packages. */
  list(query?: Query<"/packages">): Pages<Schemas["Package"]> {
    return this.pages("/packages", [], "packages", query);
  }

  /** Return a package. */
  get(packageId: number): Promise<Schemas["Package"]> {
    return this.send("get", "/packages/{package_id}", [packageId]);
  }

  /** Change members of a package. */
  change(packageId: number, body: Schemas["UpdatePackage"]): Promise<Schemas["Package"]> {
    return this.send("patch", "/packages/{package_id}", [packageId], { body });
  }
}

/**
 * Creators, who hand out codes.
 *
 * @example
 * await admin.creators.create({ creator_key: freshKey, name: "Jun" });
 * await admin.creators.change(freshKey, { status: "INACTIVE" });
 * console.log((await admin.creators.get(freshKey)).status); // INACTIVE
 * await admin.creators.give(creatorKey, { package_id: packageId, count: 2 });
 * console.log((await admin.creators.listCodes(creatorKey).page()).items.length); // 3
 * console.log((await admin.creators.stats(creatorKey)).codes); // 3
 * console.log((await admin.creators.revoke(creatorKey)).revoked); // 3
 */
export class Creators extends AdminResource {
  /** Create a creator. */
  create(body: Schemas["CreateCreator"]): Promise<Schemas["Creator"]> {
    return this.send("post", "/creators", [], { body });
  }

  /** Create up to 1,000 creators, with or without codes of a package. */
  createAll(body: Schemas["ImportCreators"]): Promise<Schemas["CreatedCreators"]> {
    return this.send("post", "/creators/bulk", [], { body });
  }

  /**
   * Create the creators of a CSV file.
   *
   * @example
   * const file = `creator_key,name\n${freshKey},Jun\n`;
   * const trial = { dry_run: true };
   * console.log((await admin.creators.createFromCsv(campaignId, file, trial)).total); // 1
   * const creators = [{ creator_key: freshKey, name: "Jun" }];
   * await admin.creators.createAll({ campaign_id: campaignId, creators });
   * const { items } = await admin.creators.list({ campaign_id: campaignId }).page();
   * console.log(items.some(({ creator_key }) => creator_key === freshKey)); // true
   */
  createFromCsv(
    campaignId: string,
    source: CsvSource,
    query?: CsvOptions & { dry_run?: boolean },
  ): Promise<Schemas["CreatedCreators"]> {
    return this.send("post", "/creators/bulk", [], {
      query: { campaign_id: campaignId, ...query },
      upload: source,
    });
  }

  /** List the creators. */
  list(query?: Query<"/creators">): Pages<Schemas["Creator"]> {
    return this.pages("/creators", [], "creators", query);
  }

  /** Return a creator. */
  get(creatorKey: string): Promise<Schemas["Creator"]> {
    return this.send("get", "/creators/{creator_key}", [creatorKey]);
  }

  /** Change members of a creator. */
  change(
    creatorKey: string,
    body: Schemas["UpdateCreator"],
  ): Promise<Schemas["Creator"]> {
    return this.send("patch", "/creators/{creator_key}", [creatorKey], { body });
  }

  /** Return codes, redemptions and users. */
  stats(creatorKey: string): Promise<Schemas["CampaignStats"]> {
    return this.send("get", "/creators/{creator_key}/stats", [creatorKey]);
  }

  /** List the codes of a creator. */
  listCodes(
    creatorKey: string,
    query?: Query<"/creators/{creator_key}/codes">,
  ): Pages<Schemas["CreatorCode"]> {
    return this.pages("/creators/{creator_key}/codes", [creatorKey], "codes", query);
  }

  /** Give a creator codes of a package: these, or a number of new ones. */
  give(
    creatorKey: string,
    body: Schemas["AssignCreatorCodes"],
  ): Promise<Schemas["AssignedCodes"]> {
    return this.send("post", "/creators/{creator_key}/codes", [creatorKey], { body });
  }

  /** Revoke codes of a creator; all of them if none are named. */
  revoke(
    creatorKey: string,
    body: Schemas["RevokeCreatorCodes"] = {},
  ): Promise<Schemas["RevokedCodeCount"]> {
    return this.send("post", "/creators/{creator_key}/codes/revoke", [creatorKey], {
      body,
    });
  }
}
