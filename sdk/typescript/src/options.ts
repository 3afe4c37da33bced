/** Where requests are sent, and how; and what the log hook gets. */

import type { Credential } from "./credentials.js";
import { ConfigurationError, type CouponsError } from "./errors.js";

const MAX_TIMEOUT_SECONDS = 86_400;
const EXPECTED_URL = "expected an address such as https://coupons.example.com.";

/**
 * One try of a request, for the `log` hook; codes in `path` are masked.
 *
 * @example
 * const log = ({ method, path, status }: LogEntry) => console.log(method, path, status);
 * await new Coupons(queryUrl, null, { log }).health(); // GET /health 200
 */
export interface LogEntry {
  method: string;
  path: string;
  attempt: number;
  seconds: number;
  status: number | null;
  requestId: string;
  error: CouponsError | null;
  /** Seconds until the next try; null if this was the last. */
  pause: number | null;
}

/** What `withOptions` changes. */
export interface RequestOptions {
  /**
   * How many seconds one try of a request may take, from connecting to the end of the
   * answer; if a file is sent or received, how many each part of it may take. 10 by
   * default.
   */
  timeoutSeconds?: number;
  /** How often a request is tried again; twice by default. */
  maxRetries?: number;
  /**
   * The most bytes of an answer, uncompressed, and of each row of a file; a file may have
   * any size. 16 MiB by default.
   */
  maxAnswerBytes?: number;
  /** Called after each try. */
  log?: ((entry: LogEntry) => void) | undefined;
  /** A key of your own for the next POST, for example the ID of an order. */
  idempotencyKey?: string | undefined;
}

/** The options of a new client. */
export interface ClientOptions extends Omit<RequestOptions, "idempotencyKey"> {
  /** Sends the requests in place of `fetch`, for example through a proxy or in tests. */
  fetch?: typeof fetch;
}

/** Where requests are sent, and how. */
export interface Options extends RequestOptions {
  readonly baseUrl: string;
  readonly credential: Credential | null;
  readonly timeoutSeconds: number;
  readonly maxRetries: number;
  readonly maxAnswerBytes: number;
  readonly fetch: typeof fetch;
}

/** Return options that are complete and usable. */
export function completeOptions(
  baseUrl: string,
  credential: Credential | null,
  given: ClientOptions,
): Options {
  return checkOptions({
    timeoutSeconds: 10,
    maxRetries: 2,
    maxAnswerBytes: 16 * 2 ** 20,
    // Browsers refuse to call it as a method of another object.
    fetch: (input, init) => fetch(input, init),
    ...given,
    baseUrl: checkBaseUrl(baseUrl),
    credential,
  });
}

/** Return the options if they are usable. */
export function checkOptions(options: Options): Options {
  const { timeoutSeconds, maxRetries, maxAnswerBytes, idempotencyKey } = options;
  // Timers of more than 24 days end at once, and programs without types pass anything.
  if (!(timeoutSeconds > 0 && timeoutSeconds <= MAX_TIMEOUT_SECONDS)) {
    const expected = `seconds, more than 0 and up to ${MAX_TIMEOUT_SECONDS}`;
    throw describe("timeoutSeconds", timeoutSeconds, expected);
  }
  if (!(Number.isInteger(maxRetries) && maxRetries >= 0)) {
    throw describe("maxRetries", maxRetries, "a whole number, 0 or more");
  }
  if (!(Number.isInteger(maxAnswerBytes) && maxAnswerBytes >= 1)) {
    throw describe("maxAnswerBytes", maxAnswerBytes, "a whole number, 1 or more");
  }
  if (idempotencyKey !== undefined && !/^[\w-]{1,255}$/.test(idempotencyKey)) {
    throw describe("idempotencyKey", idempotencyKey, "1 to 255 letters, digits, _ or -");
  }
  const { credential } = options;
  if (credential !== null && typeof credential?.buildHeaders !== "function") {
    throw new ConfigurationError(
      "The credential cannot be used: expected new Hmac(…), new TenantToken(…), new ApiKey(…), " +
        "or null.",
    );
  }
  return options;
}

function describe(name: string, value: unknown, expected: string): ConfigurationError {
  const given = JSON.stringify(value) ?? String(value);
  return new ConfigurationError(`Invalid ${name} ${given}: expected ${expected}.`);
}

// Errors are logged, and so never repeat a URL, which may contain a password.
function checkBaseUrl(text: string): string {
  // URL accepts `http:///host`, where the path may begin with a secret.
  if (!URL.canParse(text) || !/^\w+:\/\/[^/]/.test(text)) {
    throw new ConfigurationError(`baseUrl is not a valid URL: ${EXPECTED_URL}`);
  }
  const url = new URL(text);
  if (url.username || url.password || url.search || url.hash) {
    throw new ConfigurationError(
      "baseUrl contains a user, a query or a fragment. Pass credentials as ApiKey, " +
        "Hmac or TenantToken, never in a URL, because URLs are logged.",
    );
  }
  if (!["http:", "https:"].includes(url.protocol)) {
    throw new ConfigurationError(`Invalid baseUrl: ${EXPECTED_URL}`);
  }
  return url.href.replace(/\/+$/, "");
}
