/** What the clients of both gateways share. */

import type { Credential } from "./credentials.js";
import type { components } from "./openapi/query.js";
import { type ClientOptions, completeOptions, type RequestOptions } from "./options.js";
import { Runner } from "./runner.js";

type Schemas = components["schemas"];

/** The methods of both clients. */
export abstract class Client {
  /** @internal */
  protected runner: Runner;

  constructor(baseUrl: string, credential: Credential | null, options: ClientOptions) {
    this.runner = new Runner(completeOptions(baseUrl, credential, options));
  }

  /**
   * Return a client with other options.
   *
   * With an `idempotencyKey` of your own, for example the ID of an order, a POST has one
   * effect even if your program is restarted in between. A key belongs to one request: use
   * the client that is returned for that one only.
   *
   * @example
   * const patient = coupons.withOptions({ timeoutSeconds: 60, maxRetries: 5 });
   * const once = patient.withOptions({ idempotencyKey: freshName });
   * console.log((await once.redeem(code, userId)).status); // redeemed
   */
  withOptions(changes: RequestOptions): this {
    const copy: this = Object.create(Object.getPrototypeOf(this));
    Object.assign(copy, this);
    copy.setUp(this.runner.withOptions(changes));
    return copy;
  }

  /** @internal */
  protected setUp(runner: Runner): void {
    this.runner = runner;
  }

  /**
   * Return the health of the process; no credential is needed.
   *
   * @example
   * console.log((await coupons.health()).status); // healthy
   */
  health(): Promise<Schemas["Health"]> {
    return this.read("/health");
  }

  /**
   * Return whether the gateway can serve requests; a ServerError if it cannot.
   *
   * @example
   * console.log((await coupons.ready()).status); // ready
   */
  ready(): Promise<Schemas["Readiness"]> {
    return this.read("/ready");
  }

  /**
   * Return every error code with its meaning and what to do.
   *
   * @example
   * const { errors } = await coupons.errorCatalogue();
   * console.log(errors.find((entry) => entry.code === "COUPON_EXPIRED")?.status); // 400
   */
  errorCatalogue(): Promise<Schemas["ErrorCatalogue"]> {
    return this.read("/errors");
  }

  private read<T>(path: string): Promise<T> {
    return this.runner.run({ method: "GET", path, ids: [] }) as Promise<T>;
  }
}
