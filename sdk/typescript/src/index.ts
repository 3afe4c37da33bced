/**
 * The TypeScript SDK of the coupon gateways.
 *
 * `Coupons` validates, redeems and reserves codes; `CouponsAdmin` defines, generates and
 * reports.
 */

export { CouponsAdmin, type AdminOptions } from "./admin/client.js";
export type { Milestone } from "./admin/events.js";
export type { WaitOptions } from "./admin/waiting.js";
export { ApiKey, type Credential, Hmac, mintToken, TenantToken } from "./credentials.js";
export type { TokenOptions } from "./credentials.js";
export type { CsvStream, Row } from "./csv.js";
export * from "./errors.js";
export type * as Admin from "./openapi/admin.js";
export type { Metadata } from "./operations.js";
export type { ClientOptions, LogEntry, RequestOptions } from "./options.js";
export type { Page, Pages } from "./pages.js";
export * from "./query.js";
export type { CsvSource } from "./uploads.js";
export { VERSION } from "./version.js";
export * from "./webhooks.js";
