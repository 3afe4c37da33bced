/** Milestones, dead letters and webhooks. */

import type { Pages } from "../pages.js";
import { AdminResource, type Query, type Schemas } from "./resource.js";

/** A milestone: a CloudEvent, or an event as Phoenix sends it. */
export type Milestone = Readonly<Record<string, unknown>>;

/**
 * Milestones that earn coupons.
 *
 * @example
 * const event = {
 *   ...{ event_type: "achievement.completed", event_id: freshName, user_id: "ann" },
 *   attributes: { achievement_id: "first-win" },
 * };
 * console.log((await admin.events.publish(event)).status); // accepted
 * console.log((await admin.events.publishAll([event])).accepted); // 1
 */
export class Events extends AdminResource {
  /** Store a milestone: a CloudEvent, or an event as Phoenix sends it. */
  publish(event: Milestone): Promise<Schemas["AcceptedEvent"]> {
    return this.send("post", "/events", [], { body: event });
  }

  /** Store up to 100 milestones. */
  publishAll(events: readonly Milestone[]): Promise<Schemas["AcceptedEvents"]> {
    return this.send("post", "/events/bulk", [], { body: { events } });
  }
}

/**
 * Messages that could not be processed.
 *
 * @example
 * for await (const { reason } of admin.deadLetters.list()) reason;
 * console.log((await admin.deadLetters.get(letterId)).body_encoding); // text
 * console.log((await admin.deadLetters.retry(letterId)).status); // accepted
 */
export class DeadLetters extends AdminResource {
  /** List the dead letters. */
  list(query?: Query<"/dead-letters">): Pages<Schemas["DeadLetter"]> {
    return this.pages("/dead-letters", [], "dead_letters", query);
  }

  /** Return a dead letter. */
  get(letterId: string): Promise<Schemas["DeadLetter"]> {
    return this.send("get", "/dead-letters/{letter_id}", [letterId]);
  }

  /** Process a message again. */
  retry(letterId: string): Promise<Schemas["AcceptedRequest"]> {
    return this.send("post", "/dead-letters/{letter_id}/retry", [letterId]);
  }

  /**
   * Delete a dead letter.
   *
   * @example
   * await admin.deadLetters.drop(letterId);
   */
  drop(letterId: string): Promise<void> {
    return this.send("delete", "/dead-letters/{letter_id}", [letterId]);
  }
}

/**
 * Webhooks: events that are sent to your server.
 *
 * @example
 * const url = "https://hooks.example.invalid/coupons";
 * const hook = { event_type: "coupon.redeemed", url } as const;
 * const { id, signature } = await admin.webhooks.create(hook);
 * console.log(signature); // standard
 * console.log((await admin.webhooks.test(id)).success); // false
 * const { is_active } = await admin.webhooks.change(id, { is_active: false });
 * console.log(is_active); // false
 * console.log((await admin.webhooks.rotate(id)).secret.startsWith("whsec_")); // true
 * console.log((await admin.webhooks.get(id)).event_type); // coupon.redeemed
 * for await (const hook of admin.webhooks.list()) hook.url;
 * await admin.webhooks.delete(id);
 */
export class Webhooks extends AdminResource {
  /** Create a webhook; its secret is shown only here. */
  create(body: Schemas["CreateWebhook"]): Promise<Schemas["NewWebhook"]> {
    return this.send("post", "/webhooks", [], { body });
  }

  /** List the webhooks. */
  list(query?: Query<"/webhooks">): Pages<Schemas["Webhook"]> {
    return this.pages("/webhooks", [], "webhooks", query);
  }

  /** Return a webhook, without its secret. */
  get(webhookId: number): Promise<Schemas["Webhook"]> {
    return this.send("get", "/webhooks/{webhook_id}", [webhookId]);
  }

  /** Change members of a webhook. */
  change(webhookId: number, body: Schemas["UpdateWebhook"]): Promise<Schemas["Webhook"]> {
    return this.send("patch", "/webhooks/{webhook_id}", [webhookId], { body });
  }

  /** Delete a webhook. */
  delete(webhookId: number): Promise<void> {
    return this.send("delete", "/webhooks/{webhook_id}", [webhookId]);
  }

  /** Create another secret; it is shown only here. */
  rotate(webhookId: number): Promise<Schemas["NewWebhook"]> {
    return this.send("post", "/webhooks/{webhook_id}/rotate", [webhookId]);
  }

  /** List the attempts to deliver events. */
  logs(
    webhookId: number,
    query?: Query<"/webhooks/{webhook_id}/logs">,
  ): Pages<Schemas["WebhookLog"]> {
    return this.pages("/webhooks/{webhook_id}/logs", [webhookId], "logs", query);
  }

  /**
   * Send a delivery again, once.
   *
   * @example
   * for await (const { status } of admin.webhooks.logs(webhookId)) status;
   * console.log((await admin.webhooks.resend(webhookId, deliveryId)).status); // PENDING
   */
  resend(webhookId: number, deliveryId: string): Promise<Schemas["WebhookLog"]> {
    return this.send("post", "/webhooks/{webhook_id}/deliveries/{delivery_id}/resend", [
      webhookId,
      deliveryId,
    ]);
  }

  /** Send a sample, and return what the receiver answered. */
  test(webhookId: number): Promise<Schemas["WebhookTestResult"]> {
    return this.send("post", "/webhooks/{webhook_id}/test", [webhookId]);
  }
}
