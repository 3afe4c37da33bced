/** Verify the signatures of webhooks. */

import {
  concatenate,
  encodeText,
  fromBase64,
  fromHex,
  importKey,
  isSignedBy,
} from "./encoding.js";
import { ConfigurationError, InvalidSignature } from "./errors.js";

const TOLERANCE_SECONDS = 300;
const SECRET_PREFIX = /^whsec_/;

type Bytes = Uint8Array<ArrayBuffer>;
type HeaderSource =
  | { get(name: string): string | null }
  | Readonly<Record<string, string | readonly string[] | undefined>>;

/** A verified request of a webhook. */
export interface WebhookMessage {
  /** Deduplicates requests that are sent again; PlayCamp's have none. */
  readonly id: string | null;
  /** One event, or PlayCamp's batch. */
  readonly events: readonly WebhookEvent[];
}

/** An event: a CloudEvent, or one of PlayCamp's. */
export interface WebhookEvent {
  // eslint's rule against `any` would make every member unusable without a cast.
  readonly [member: string]: any;
}

/** How strictly requests are checked. */
export interface WebhookOptions {
  /** How old a signature may be; 300 seconds by default. */
  toleranceSeconds?: number;
  now?: Date;
}

/** What a signature header says: what was signed, with which signatures. */
interface Signed {
  readonly timestamp: number | null;
  readonly data: Bytes;
  readonly signatures: readonly Bytes[];
  readonly decodeSecret: (secret: string) => Bytes;
}

/**
 * Return the events of a webhook request after checking who has sent it.
 *
 * Standard Webhooks and both signatures of PlayCamp are recognized by their headers.
 *
 * @param body The body as it was received, not parsed and written again.
 * @param headers The headers of the request: of `fetch`, or of Node.
 * @param secrets The secret; during a rotation, the current and the previous one.
 * @throws InvalidSignature No secret fits, or the request is too old.
 *
 * @example
 * const { id, events } = await verifyWebhook(body, headers, secret);
 * console.log(id, events[0]?.type); // m1 coupon.redeemed
 * const wrong = verifyWebhook(body, headers, "whsec_c29tZWJvZHkgZWxzZQ==");
 * console.log(await wrong.catch((error) => error instanceof InvalidSignature)); // true
 */
export async function verifyWebhook(
  body: string | Uint8Array,
  headers: HeaderSource,
  secrets: string | readonly string[],
  { toleranceSeconds = TOLERANCE_SECONDS, now = new Date() }: WebhookOptions = {},
): Promise<WebhookMessage> {
  if (typeof body !== "string" && !(body instanceof Uint8Array)) {
    throw new ConfigurationError(
      "verifyWebhook needs the body as it was received: text or bytes.",
    );
  }
  const content = typeof body === "string" ? encodeText(body) : concatenate(body);
  const keys = typeof secrets === "string" ? [secrets] : (secrets ?? []);
  if (keys.length === 0 || !keys.every(Boolean)) {
    throw new ConfigurationError("verifyWebhook needs at least one secret.");
  }
  const read = readHeaders(headers);
  const signed = readSignature(content, read);
  if (!(await isGenuine(signed, keys))) {
    throw new InvalidSignature("The signature fits none of the secrets.");
  }
  const age = Math.abs(now.getTime() / 1000 - (signed.timestamp ?? 0));
  if (signed.timestamp !== null && age > toleranceSeconds) {
    throw new InvalidSignature(
      `The request was signed ${age.toFixed()} seconds from now, more than the ` +
        `${toleranceSeconds} that are allowed: it is old, or a clock is wrong.`,
    );
  }
  const document = JSON.parse(new TextDecoder().decode(content));
  const events = Array.isArray(document?.events) ? document.events : [document];
  return { id: read("webhook-id"), events };
}

function readHeaders(source: HeaderSource): (name: string) => string | null {
  if (typeof source.get === "function") {
    const headers = source as Headers;
    return (name) => headers.get(name);
  }
  const given = Object.entries(source as Record<string, string | string[] | undefined>);
  const values = new Map(given.map(([name, value]) => [name.toLowerCase(), value]));
  return (name) => values.get(name)?.toString() ?? null;
}

function readSignature(content: Bytes, read: (name: string) => string | null): Signed {
  const standard = read("webhook-signature");
  if (standard !== null) {
    const timestamp = parseTimestamp(read("webhook-timestamp") ?? "");
    const head = `${read("webhook-id") ?? ""}.${read("webhook-timestamp")}.`;
    return {
      timestamp,
      data: concatenate(encodeText(head), content),
      signatures: standard
        .split(" ")
        .filter((item) => item.startsWith("v1,"))
        .map((item) => fromBase64(item.slice(3)) ?? new Uint8Array()),
      decodeSecret: decodeStandardSecret,
    };
  }
  const playcamp = read("x-webhook-signature");
  if (!playcamp) throw new InvalidSignature("The request has no webhook signature.");
  return readPlaycampSignature(playcamp, content);
}

/** Read `t=…,v1=…`, or the signature alone, which has no time. */
function readPlaycampSignature(text: string, content: Bytes): Signed {
  if (!text.includes("=")) {
    const signatures = [fromHex(text)];
    return { timestamp: null, data: content, signatures, decodeSecret: encodeText };
  }
  const parts = new URLSearchParams(text.replaceAll(",", "&"));
  const time = parts.get("t") ?? "";
  return {
    timestamp: parseTimestamp(time),
    data: concatenate(encodeText(`${time}.`), content),
    signatures: [fromHex(parts.get("v1") ?? "")],
    decodeSecret: encodeText,
  };
}

async function isGenuine(signed: Signed, secrets: readonly string[]): Promise<boolean> {
  for (const secret of secrets) {
    const key = await importKey(signed.decodeSecret(secret));
    for (const signature of signed.signatures) {
      if (await isSignedBy(key, signature, signed.data)) return true;
    }
  }
  return false;
}

function parseTimestamp(text: string): number {
  if (!/^\d{1,15}$/.test(text)) {
    throw new InvalidSignature("The request has no valid timestamp.");
  }
  return Number(text);
}

function decodeStandardSecret(secret: string): Bytes {
  const key = fromBase64(secret.replace(SECRET_PREFIX, ""));
  if (!key?.length) {
    throw new ConfigurationError(
      "A webhook secret is not valid: expected whsec_ and Base64.",
    );
  }
  return key;
}
