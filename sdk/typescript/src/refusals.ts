/** Which class of error an answer is. */

import {
  ApiError,
  AuthenticationError,
  CouponRefused,
  Conflict,
  InvalidRequest,
  NotFound,
  PermissionDenied,
  RateLimited,
  ServerError,
} from "./errors.js";

// Faults of a request. Every other 400, 404 and 409 of a call that uses a code is a
// refusal, also one whose code is newer than this SDK.
const REQUEST_FAULTS = new Set([
  ...["BAD_REQUEST", "BAD_JSON", "BAD_PATH", "VALIDATION_ERROR", "NOT_FOUND"],
  ...["CONFLICT", "REQUEST_UNDER_WAY", ""],
]);
const REFUSAL_STATUSES = new Set([400, 404, 409]);

/** What to check, by the code of an error. */
export const ADVICE: ReadonlyMap<string, string> = new Map([
  ["AUTH_001", "Check the tenant ID, and that the secret is one of this tenant's"],
  [
    "AUTH_002",
    "Check that baseUrl is the address of the right gateway: the query gateway takes " +
      "Hmac or TenantToken, the admin gateway ApiKey",
  ],
  [
    "INVALID_TOKEN",
    "Check that the token is a whole one, that it was signed with a secret of this " +
      "tenant, and that it is for the query gateway",
  ],
  ["TOKEN_EXPIRED", "Mint another one: TenantToken takes a function that returns it"],
  [
    "INVALID_API_KEY",
    "It is unknown, revoked or expired. Check that baseUrl is the address of the admin " +
      "gateway that has it",
  ],
  ["ACCESS_DENIED", "The credential is another tenant's, or another user's"],
  [
    "NOT_FOUND",
    "Check that baseUrl is the address of the right gateway, without the path of its API",
  ],
]);

const BY_STATUS = new Map<number, typeof ApiError>([
  [401, AuthenticationError],
  [403, PermissionDenied],
  [404, NotFound],
  [409, Conflict],
  [429, RateLimited],
]);

/** Return the class of an error answer; refusable calls use a code or a reservation. */
export function selectError(
  status: number,
  code: string,
  isRefusable: boolean,
): typeof ApiError {
  if (isRefusable && REFUSAL_STATUSES.has(status) && !REQUEST_FAULTS.has(code)) {
    return CouponRefused;
  }
  return BY_STATUS.get(status) ?? (status >= 500 ? ServerError : InvalidRequest);
}
