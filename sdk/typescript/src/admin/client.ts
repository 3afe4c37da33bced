/** The client of the admin gateway. */

import { Client } from "../client.js";
import { type Credential, requireTenant } from "../credentials.js";
import type { ClientOptions } from "../options.js";
import { refuseOnPlayersDevice } from "../platform.js";
import type { Runner } from "../runner.js";
import type { CsvSource } from "../uploads.js";
import { Batches, Jobs } from "./batches.js";
import { Campaigns, Creators, Packages } from "./campaigns.js";
import { Codes } from "./codes.js";
import { DefinitionCoupons, Definitions } from "./definitions.js";
import { DeadLetters, Events, Webhooks } from "./events.js";
import { Attempts, Audit, Redemptions, Reports } from "./insight.js";
import { ApiKeys, ClientKeys, Secrets } from "./keys.js";
import { Points, Rewards, Users } from "./people.js";
import { AdminResource, type CsvOptions, type Schemas } from "./resource.js";

/** The options of a new client of the admin gateway. */
export interface AdminOptions extends ClientOptions {
  /** The tenant whose data the client reads and changes. */
  tenantId: string;
}

const RESOURCES = {
  apiKeys: ApiKeys,
  attempts: Attempts,
  audit: Audit,
  batches: Batches,
  campaigns: Campaigns,
  clientKeys: ClientKeys,
  codes: Codes,
  coupons: DefinitionCoupons,
  creators: Creators,
  deadLetters: DeadLetters,
  definitions: Definitions,
  events: Events,
  jobs: Jobs,
  packages: Packages,
  points: Points,
  redemptions: Redemptions,
  reports: Reports,
  rewards: Rewards,
  secrets: Secrets,
  users: Users,
  webhooks: Webhooks,
};
type Resources = {
  readonly [N in keyof typeof RESOURCES]: InstanceType<(typeof RESOURCES)[N]>;
};
type Generated = Schemas["GeneratedCoupons"] | Schemas["Batch"];

/** The methods that belong to no resource. */
class OwnMethods extends AdminResource {
  generate(definitionId: string, body: Schemas["GenerateCoupons"]): Promise<Generated> {
    const path = "/coupons/{definition_id}/generate";
    return this.send("post", path, [definitionId], { body });
  }

  generateFromCsv(
    definitionId: string,
    source: CsvSource,
    query: CsvOptions & { expires_at?: string } = {},
  ): Promise<Generated> {
    const path = "/coupons/{definition_id}/generate";
    return this.send("post", path, [definitionId], { query, upload: source });
  }

  explain(body: Schemas["ExplainCode"]): Promise<Schemas["Explanation"]> {
    return this.send("post", "/codes/explain", [], { body });
  }
}

export interface CouponsAdmin extends Resources {}

/**
 * A client of the admin gateway, for servers.
 *
 * @example
 * const client = new CouponsAdmin(adminUrl, new ApiKey(apiKey), { tenantId });
 * console.log((await client.definitions.get(definitionId)).status); // active
 */
export class CouponsAdmin extends Client {
  readonly tenantId: string;
  private own!: OwnMethods;

  constructor(baseUrl: string, credential: Credential | null, options: AdminOptions) {
    refuseOnPlayersDevice("CouponsAdmin");
    const { tenantId, ...rest } = options ?? {};
    super(baseUrl, credential, rest);
    this.tenantId = requireTenant(tenantId);
    this.setUp(this.runner);
  }

  /** @internal */
  protected override setUp(runner: Runner): void {
    super.setUp(runner);
    this.own = new OwnMethods(runner, this.tenantId);
    for (const [name, Kind] of Object.entries(RESOURCES)) {
      Object.assign(this, { [name]: new Kind(runner, this.tenantId) });
    }
  }

  /**
   * Generate coupons for users, or a number of unassigned codes.
   *
   * Up to 1,000 are generated at once. More are a batch in the background: wait for it
   * with `admin.batches.wait`.
   *
   * @example
   * const given = await admin.generate(definitionId, { user_ids: ["ann", "bob"] });
   * if ("coupons" in given) console.log(given.coupons.length); // 2
   */
  generate(definitionId: string, body: Schemas["GenerateCoupons"]): Promise<Generated> {
    return this.own.generate(definitionId, body);
  }

  /**
   * Generate a coupon for each user in a CSV file with a column `user_id`.
   *
   * @example
   * const file = "user_id\nann\nbob\n";
   * const { generated } = await admin.generateFromCsv(definitionId, file);
   * console.log(generated); // 2
   */
  generateFromCsv(
    definitionId: string,
    source: CsvSource,
    query?: CsvOptions & { expires_at?: string },
  ): Promise<Generated> {
    return this.own.generateFromCsv(definitionId, source, query);
  }

  /**
   * Return why a code can or cannot be redeemed, with every rule.
   *
   * @example
   * console.log((await admin.explain({ code, user_id: userId })).redeemable); // true
   */
  explain(body: Schemas["ExplainCode"]): Promise<Schemas["Explanation"]> {
    return this.own.explain(body);
  }
}
