/** The errors that the SDK throws. */

/** The base class of all errors of this SDK. */
export class CouponsError extends Error {
  override name = this.constructor.name;
}

/** A client was created, or a method called, with an unusable argument. */
export class ConfigurationError extends CouponsError {}

/** A webhook was not signed with any of the secrets, or too long ago. */
export class InvalidSignature extends CouponsError {}

/** A batch or job has not finished within the time that was given. */
export class WaitTimeout extends CouponsError {}

/** What is known of a request without an answer. */
export interface FailureFacts extends ErrorOptions {
  isOutcomeUnknown: boolean;
  isPermanent: boolean;
}

/** No answer arrived: the server is away, or the connection broke. */
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

/** No answer arrived in time. */
export class ConnectionTimeout extends ConnectionFailed {}

/** A field that an error names. */
export interface ErrorDetail {
  path?: string;
  message?: string;
  [member: string]: unknown;
}

/** What an error answer says beside its message. */
export interface ErrorFacts {
  code?: string;
  requestId?: string;
  details?: readonly ErrorDetail[];
  retryAfter?: number | null;
}

/** The server answered with an error. */
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

  constructor(status: number, message: string, facts: ErrorFacts = {}) {
    super(message);
    this.status = status;
    this.code = facts.code ?? "";
    this.requestId = facts.requestId ?? "";
    this.details = facts.details ?? [];
    this.retryAfter = facts.retryAfter ?? null;
  }
}

/** A code or reservation cannot be used; `code` is the reason. */
export class CouponRefused extends ApiError {}

/** The request is invalid (400, 413, 415, 422, …); `details` names its fields. */
export class InvalidRequest extends ApiError {}

/** The credential is missing, wrong, expired or revoked (401). */
export class AuthenticationError extends ApiError {}

/** The credential may not do this (403). */
export class PermissionDenied extends ApiError {}

/** The object does not exist (404). */
export class NotFound extends ApiError {}

/** The state of the object does not allow this (409). */
export class Conflict extends ApiError {}

/** There were too many requests (429); repeat after `retryAfter` seconds. */
export class RateLimited extends ApiError {}

/** The server failed, or is busy (5xx). */
export class ServerError extends ApiError {}

/** The answer is not one of the coupon gateways', for example HTML of a proxy. */
export class UnexpectedAnswer extends ApiError {}

/** What an answer that is too large says beside its status. */
export interface SizeFacts extends ErrorFacts {
  size: number;
  limit: number;
}

/** An answer, or a row of a file, is larger than `maxAnswerBytes`. */
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
