/** The errors that the SDK throws. */

/**
 * The base class of all errors of this SDK.
 *
 * @example
 * try {
 *   await coupons.redeem("NO-SUCH-CODE", userId);
 * } catch (error) {
 *   if (error instanceof CouponRefused) console.log(error.code); // COUPON_NOT_FOUND
 *   else if (!(error instanceof CouponsError)) throw error;
 * }
 */
export class CouponsError extends Error {
  override name = this.constructor.name;
}

/**
 * A client was created, or a method called, with an unusable argument.
 *
 * @example
 * const create = async () => new Coupons("coupons.example.com", null);
 * await create().catch((error: ConfigurationError) => console.log(error.name)); // Con...
 */
export class ConfigurationError extends CouponsError {}

/** A webhook was not signed with any of the secrets, or too long ago. */
export class InvalidSignature extends CouponsError {}

/**
 * A batch or job has not finished within the time that was given.
 *
 * @example
 * const started = await admin.generate(definitionId, { count: 1_000_000 });
 * const { batch_id } = started as Admin.Batch;
 * await admin.batches.wait(batch_id, { timeoutSeconds: 0 }).catch((error) => {
 *   console.log(error instanceof WaitTimeout); // true
 * });
 * await admin.batches.cancel(batch_id);
 */
export class WaitTimeout extends CouponsError {}

/** What is known of a request without an answer. */
export interface FailureFacts extends ErrorOptions {
  isOutcomeUnknown: boolean;
  isPermanent: boolean;
}

/**
 * No answer arrived: the server is away, or the connection broke.
 *
 * @example
 * const away = new Coupons("http://127.0.0.1:9", null, { maxRetries: 0 });
 * await away.health().catch((error) => {
 *   if (error instanceof ConnectionFailed) console.log(error.isOutcomeUnknown); // false
 * });
 */
export class ConnectionFailed extends CouponsError {
  /** True if the server may have carried out the request. */
  readonly isOutcomeUnknown: boolean;

  /** @internal True if no other try can succeed. */
  readonly isPermanent: boolean;

  constructor(message: string, options: FailureFacts) {
    super(message, options);
    this.isOutcomeUnknown = options.isOutcomeUnknown;
    this.isPermanent = options.isPermanent;
  }
}

/**
 * No answer arrived in time.
 *
 * @example
 * const hasty = coupons.withOptions({ timeoutSeconds: 0.0001, maxRetries: 0 });
 * await hasty.health().catch((error) => {
 *   if (error instanceof ConnectionTimeout) console.log(error.isOutcomeUnknown); // true
 * });
 */
export class ConnectionTimeout extends ConnectionFailed {}

/** A field that an error names. */
export type ErrorDetail = { path?: string; message?: string; [member: string]: unknown };

/** What an error answer says beside its message. */
export interface ErrorFacts {
  code?: string;
  requestId?: string;
  details?: readonly ErrorDetail[];
  retryAfter?: number | null;
  advice?: string;
}

/**
 * The server answered with an error.
 *
 * @example
 * await coupons.get(userId, "no-such-coupon").catch((error) => {
 *   if (error instanceof ApiError) console.log(error.code); // COUPON_NOT_FOUND
 * });
 */
export class ApiError extends CouponsError {
  /** The HTTP status. */
  readonly status: number;
  /** One of the codes in docs/errors.md; empty if the answer has none. */
  readonly code: string;
  /** Identifies the request in the logs of the server. */
  readonly requestId: string;
  /** The fields in error. */
  readonly details: readonly ErrorDetail[];
  /** Seconds after which the request may be repeated, if the server says so. */
  readonly retryAfter: number | null;
  /** What to check; it ends the message. */
  readonly advice: string;

  constructor(status: number, message: string, facts: ErrorFacts = {}) {
    super(facts.advice ? `${message}. ${facts.advice}` : message);
    this.status = status;
    this.code = facts.code ?? "";
    this.requestId = facts.requestId ?? "";
    this.details = facts.details ?? [];
    this.retryAfter = facts.retryAfter ?? null;
    this.advice = facts.advice ?? "";
  }
}

/** A code or reservation cannot be used; `code` is the reason. */
export class CouponRefused extends ApiError {}

/**
 * The request is invalid (400, 413, 415, 422, …); `details` names its fields.
 *
 * @example
 * await coupons.redeem(code, "").catch((error) => {
 *   if (error instanceof InvalidRequest) console.log(error.details[0]?.path); // user_id
 * });
 */
export class InvalidRequest extends ApiError {}

/**
 * The credential is missing, wrong, expired or revoked (401).
 *
 * @example
 * const stranger = new Coupons(queryUrl, new Hmac(tenantId, "wrong"));
 * await stranger.redeem(code, userId).catch((error) => {
 *   console.log(error instanceof AuthenticationError, error.status); // true 401
 * });
 */
export class AuthenticationError extends ApiError {}

/**
 * The credential may not do this (403).
 *
 * @example
 * const token = await mintToken(tenantId, tenantSecret, { userId: "zoe" });
 * const zoe = new Coupons(queryUrl, new TenantToken(token));
 * await zoe.redeem(code, userId).catch((error) => {
 *   console.log(error instanceof PermissionDenied, error.code); // true ACCESS_DENIED
 * });
 */
export class PermissionDenied extends ApiError {}

/**
 * The object does not exist (404).
 *
 * @example
 * await admin.rewards.get("no-such-reward").catch((error) => {
 *   if (error instanceof NotFound) console.log(error.code); // REWARD_ITEM_NOT_FOUND
 * });
 */
export class NotFound extends ApiError {}

/**
 * The state of the object does not allow this (409).
 *
 * @example
 * await admin.codes.assign({ code, user_id: "zoe" }).catch((error) => {
 *   if (error instanceof Conflict) console.log(error.status); // 409
 * });
 */
export class Conflict extends ApiError {}

/**
 * There were too many requests (429); repeat after `retryAfter` seconds.
 *
 * @example
 * const init = { status: 429, headers: { "Retry-After": "60" } };
 * const busy = new Coupons(queryUrl, null, { fetch: async () => new Response("", init) });
 * await busy.health().catch((error: RateLimited) => console.log(error.retryAfter)); // 60
 */
export class RateLimited extends ApiError {}

/**
 * The server failed, or is busy (5xx).
 *
 * @example
 * const fetch = async () => new Response("", { status: 500 });
 * const broken = new Coupons(queryUrl, null, { fetch });
 * await broken.health().catch((error: ServerError) => console.log(error.status)); // 500
 */
export class ServerError extends ApiError {}

/**
 * The answer is not one of the coupon gateways', for example HTML of a proxy.
 *
 * @example
 * const proxy = async () => new Response("<html>Sign in to the Wi-Fi</html>");
 * await new Coupons(queryUrl, null, { fetch: proxy }).health().catch((error) => {
 *   console.log(error instanceof UnexpectedAnswer, error.status); // true 200
 * });
 */
export class UnexpectedAnswer extends ApiError {}

/** What an answer that is too large says beside its status. */
export interface SizeFacts extends ErrorFacts {
  size: number;
  limit: number;
}

/**
 * An answer, or a row of a file, is larger than `maxAnswerBytes`.
 *
 * @example
 * await coupons.withOptions({ maxAnswerBytes: 9 }).health().catch((error) => {
 *   if (error instanceof AnswerTooLarge) console.log(error.size > error.limit); // true
 * });
 */
export class AnswerTooLarge extends UnexpectedAnswer {
  /** What was read of it, uncompressed, when it was refused. */
  readonly size: number;
  /** The option `maxAnswerBytes`. */
  readonly limit: number;

  constructor(status: number, title: string, { size, limit, ...facts }: SizeFacts) {
    const [read, allowed] = [size, limit].map((bytes) => bytes.toLocaleString("en-US"));
    super(
      status,
      `${title} has at least ${read} bytes, more than the limit of ${allowed} ` +
        "(maxAnswerBytes). Ask for less at a time, for example with limit, or create " +
        "the client with a larger maxAnswerBytes.",
      facts,
    );
    this.size = size;
    this.limit = limit;
  }
}
