/** Credentials, and the tokens that a server mints for its players. */

import {
  concatenate,
  encodeText,
  importKey,
  sign,
  toBase64Url,
  toHex,
} from "./encoding.js";
import { ConfigurationError } from "./errors.js";
import { refuseOnPlayersDevice } from "./platform.js";

const MAX_TOKEN_LIFETIME_SECONDS = 30 * 24 * 3600;

type Headers = Record<string, string>;

/** What authenticates a request. */
export interface Credential {
  /** Return the headers for one try of a request. */
  buildHeaders(
    method: string,
    target: string,
    body: Uint8Array,
  ): Headers | Promise<Headers>;
}

// The secrets are private members, which neither console.log nor JSON.stringify shows.

/**
 * A tenant JWT, made by `mintToken` or by your server.
 *
 * @example
 * const renew = () => mintToken(tenantId, tenantSecret, { userId: "nobody" });
 * const player = new Coupons(queryUrl, new TenantToken(renew));
 * console.log((await player.list("nobody").page()).total); // 0
 */
export class TenantToken implements Credential {
  readonly #token: string | (() => string | Promise<string>);

  /**
   * @param token The token, or a function that returns it: called before each try, so
   *   that you can renew tokens that expire.
   */
  constructor(token: string | (() => string | Promise<string>)) {
    this.#token = token;
  }

  async buildHeaders(): Promise<Headers> {
    const given = this.#token;
    const token = typeof given === "function" ? await given() : given;
    return { Authorization: `Bearer ${requireSecret(token, "token")}` };
  }
}

/**
 * The tenant secret, with which each try of a request is signed again.
 *
 * It acts for any user of the tenant, and is refused in a browser.
 *
 * @example
 * const server = new Coupons(queryUrl, new Hmac(tenantId, tenantSecret));
 * console.log((await server.list("nobody").page()).total); // 0
 */
export class Hmac implements Credential {
  readonly tenantId: string;
  readonly #key: Promise<CryptoKey>;

  constructor(tenantId: string, secret: string) {
    refuseOnPlayersDevice("Hmac");
    this.tenantId = requireTenant(tenantId);
    this.#key = importKey(encodeText(requireSecret(secret, "secret")));
  }

  /** Return the headers of docs/api-contracts.md 2.1, with the current time. */
  async buildHeaders(method: string, target: string, body: Uint8Array): Promise<Headers> {
    const timestamp = String(Math.floor(Date.now() / 1000));
    const head = encodeText(`${method}\n${target}\n${timestamp}\n`);
    const signature = await sign(await this.#key, concatenate(head, body));
    return {
      "X-Tenant-Id": this.tenantId,
      "X-Timestamp": timestamp,
      "X-Signature": `hmac-sha256=${toHex(signature)}`,
    };
  }
}

/**
 * An API key of the admin gateway (`pk_…`); refused in a browser.
 *
 * @example
 * const client = new CouponsAdmin(adminUrl, new ApiKey(apiKey), { tenantId });
 * console.log((await client.apiKeys.getOwn()).tenant_id === tenantId); // true
 */
export class ApiKey implements Credential {
  readonly #key: string;

  constructor(key: string) {
    refuseOnPlayersDevice("ApiKey");
    this.#key = requireSecret(key, "key");
  }

  buildHeaders(): Headers {
    return { "X-API-Key": this.#key };
  }
}

function requireSecret(text: string, name: string): string {
  if (typeof text !== "string" || text === "") {
    throw new ConfigurationError(
      `The ${name} of the credential is missing: expected text. If it comes from a ` +
        "variable of the environment, set that one; if it is a promise, await it.",
    );
  }
  if (!/^[\x21-\x7e]+$/.test(text)) {
    throw new ConfigurationError(
      `The ${name} of the credential contains blanks, line ends or characters that are ` +
        "not ASCII. Remove what was copied along with it.",
    );
  }
  return text;
}

/** Return the ID of a tenant; a ConfigurationError if there is none. */
export function requireTenant(tenantId: string): string {
  if (typeof tenantId !== "string" || tenantId === "") {
    throw new ConfigurationError(
      "The tenant ID is missing: expected text, as in acme.",
    );
  }
  return tenantId;
}

/** What a token says beside its tenant. */
export interface TokenOptions {
  /** The only user that the token acts for, so that this user's device may have it. */
  userId?: string;
  /** Up to 30 days; an hour by default. */
  lifetimeSeconds?: number;
  /** The time of issue; now by default. */
  now?: Date;
}

/**
 * Return a tenant JWT, signed with the tenant secret; refused in a browser.
 *
 * @example
 * const token = await mintToken(tenantId, tenantSecret, { userId });
 * const player = new Coupons(queryUrl, new TenantToken(token));
 * console.log((await player.redeem(code, userId)).user_id === userId); // true
 */
export async function mintToken(
  tenantId: string,
  secret: string,
  { userId, lifetimeSeconds = 3600, now = new Date() }: TokenOptions = {},
): Promise<string> {
  refuseOnPlayersDevice("mintToken");
  if (!(lifetimeSeconds > 0 && lifetimeSeconds <= MAX_TOKEN_LIFETIME_SECONDS)) {
    throw new ConfigurationError(
      `Invalid lifetimeSeconds ${lifetimeSeconds}: expected up to 30 days.`,
    );
  }
  const issuedAt = Math.floor(now.getTime() / 1000);
  const claims = {
    ...(userId === undefined ? {} : { sub: userId }),
    sub_type: "tenant",
    sub_id: requireTenant(tenantId),
    iat: issuedAt,
    exp: issuedAt + Math.floor(lifetimeSeconds),
  };
  const signed = [{ alg: "HS256", typ: "JWT" }, claims]
    .map((part) => toBase64Url(encodeText(JSON.stringify(part))))
    .join(".");
  const key = await importKey(encodeText(requireSecret(secret, "secret")));
  return `${signed}.${toBase64Url(await sign(key, encodeText(signed)))}`;
}
