/** Reports, redemptions, failed attempts and the audit log. */

import type { CsvStream } from "../csv.js";
import type { Pages } from "../pages.js";
import { AdminResource, type Query, type Schemas } from "./resource.js";

type ReportName = "redemptions" | "funnel" | "refusals" | "top" | "compare" | "signals";

/**
 * Reports, counted exactly once.
 *
 * @example
 * const days = { since: "7d", interval: "day" } as const;
 * console.log((await admin.reports.redemptions(days)).series.length); // 7
 * const { totals } = await admin.reports.funnel({ campaign_id: campaignId });
 * console.log(totals.redeemed); // 0
 * const refusals = await admin.reports.refusals({ campaign_id: campaignId });
 * console.log(refusals.totals.refused); // 0
 * console.log((await admin.reports.top("code", { limit: 3 })).by); // code
 * console.log((await admin.reports.compare([campaignId])).campaigns.length); // 1
 * for await (const signal of admin.reports.signals()) signal.kind;
 * for await (const row of admin.reports.export("top", { by: "code" }).rows()) row.code;
 */
export class Reports extends AdminResource {
  /** Return redemptions, reversals, refusals and validations over time. */
  redemptions(
    query?: Query<"/reports/redemptions">,
  ): Promise<Schemas["RedemptionReport"]> {
    return this.send("get", "/reports/redemptions", [], { query });
  }

  /** Return how many codes were generated, assigned, validated and redeemed. */
  funnel(query?: Query<"/reports/funnel">): Promise<Schemas["FunnelReport"]> {
    return this.send("get", "/reports/funnel", [], { query });
  }

  /** Return refusals by action and reason. */
  refusals(query?: Query<"/reports/refusals">): Promise<Schemas["RefusalReport"]> {
    return this.send("get", "/reports/refusals", [], { query });
  }

  /** Return a ranking by redemptions. */
  top(
    by: Query<"/reports/top">["by"],
    query?: Omit<Query<"/reports/top">, "by">,
  ): Promise<Schemas["TopReport"]> {
    return this.send("get", "/reports/top", [], { query: { by, ...query } });
  }

  /** Return campaigns side by side. */
  compare(
    campaignIds: readonly string[],
    query?: Omit<Query<"/reports/compare">, "campaign_id">,
  ): Promise<Schemas["CampaignComparison"]> {
    return this.send("get", "/reports/compare", [], {
      query: { campaign_id: campaignIds, ...query },
    });
  }

  /** List patterns of attempts that may be abuse, newest first. */
  signals(query?: Query<"/reports/signals">): Pages<Schemas["Signal"]> {
    return this.pages("/reports/signals", [], "signals", query);
  }

  /** Download a report as CSV, with the parameters of the API. */
  export<N extends ReportName>(report: N, query?: Query<`/reports/${N}`>): CsvStream {
    return this.download(`/reports/${report}`, query);
  }
}

/**
 * Redemptions: uses of coupons.
 *
 * @example
 * const { code: used } = await admin.redemptions.get(redemptionId);
 * const { items } = await admin.redemptions.list({ code: used }).page();
 * console.log(items[0]?.redemption_id === redemptionId); // true
 * const reversed = await admin.redemptions.reverse(redemptionId, { reason: "refund" });
 * console.log(reversed.reversed_at !== null); // true
 */
export class Redemptions extends AdminResource {
  /** List redemptions, newest first. */
  list(query?: Query<"/redemptions">): Pages<Schemas["Redemption"]> {
    return this.pages("/redemptions", [], "redemptions", query);
  }

  /** Return a redemption. */
  get(redemptionId: number): Promise<Schemas["Redemption"]> {
    return this.send("get", "/redemptions/{redemption_id}", [redemptionId]);
  }

  /** Give a use back, once; a repetition answers the same. */
  reverse(
    redemptionId: number,
    body: Schemas["ReverseRedemption"] = {},
  ): Promise<Schemas["Redemption"]> {
    return this.send("post", "/redemptions/{redemption_id}/reverse", [redemptionId], {
      body,
    });
  }
}

/**
 * Failed attempts to use a code.
 *
 * @example
 * console.log((await admin.attempts.list({ user_id: "nobody" }).page()).items); // []
 */
export class Attempts extends AdminResource {
  /** List failed attempts, newest first. */
  list(query?: Query<"/attempts">): Pages<Schemas["Attempt"]> {
    return this.pages("/attempts", [], "attempts", query);
  }
}

/**
 * The audit log: changes that administrators made.
 *
 * @example
 * await admin.definitions.pause(definitionId);
 * const { items } = await admin.audit.list({ object_id: definitionId }).page();
 * console.log(items[0]?.action); // definition.paused
 */
export class Audit extends AdminResource {
  /** List the entries of the audit log, newest first. */
  list(query?: Query<"/audit">): Pages<Schemas["AuditEntry"]> {
    return this.pages("/audit", [], "entries", query);
  }
}
