/** Descriptions of requests: what a method of the SDK asks of the server. */

import { ConfigurationError } from "./errors.js";
import type { CsvSource } from "./uploads.js";

// What no code contains, but which would change the meaning of a path.
const UNSENDABLE = /[/\\\u0000-\u001f\u007f-\u009f]|\p{Surrogate}/u;
const MAX_SENT_CODE_LENGTH = 256;
// Sent instead of a code that no path can carry: no code begins with it, so that the
// server answers as for any unknown code.
const IMPOSSIBLE_CODE = "-";
const MIN_PARTLY_SHOWN_LENGTH = 6;

/** A value in a path. */
export type Id = string | number;

/** The parameters of a query; undefined and null are left out, and lists repeated. */
export type QueryValues = Readonly<Record<string, unknown>>;

/** One request. */
export interface Call {
  readonly method: string;
  /** The path as the OpenAPI document has it, with a value for each placeholder. */
  readonly path: string;
  readonly ids: readonly Id[];
  readonly query?: QueryValues | undefined;
  readonly body?: unknown;
  readonly upload?: CsvSource | undefined;
  /** It uses a code or a reservation, and so can be refused. */
  readonly isRefusable?: boolean;
  readonly accept?: string;
}

/** Return what messages call a request: its method and its path without codes. */
export function describeCall(call: Call): string {
  return `${call.method} ${fillPath(call)[1]}`;
}

/** Return a path with its values, and the same for logs, with codes masked. */
export function fillPath({ path, ids }: Call): [sent: string, masked: string] {
  let sent = "";
  let masked = "";
  path.split(/[{}]/).forEach((part, index) => {
    const isPlaceholder = index % 2 === 1;
    const value = isPlaceholder ? requireId(ids[(index - 1) / 2], part) : part;
    if (!isPlaceholder) {
      sent += part;
      masked += part;
    } else if (part === "code") {
      sent += encodeCode(value);
      masked += mask(value);
    } else {
      sent += encodeId(value, part);
      masked += value;
    }
  });
  return [sent, masked];
}

function encodeCode(code: string): string {
  const text = code.trim();
  const isSendable =
    code.length <= MAX_SENT_CODE_LENGTH && /[^.]/.test(text) && !UNSENDABLE.test(text);
  return isSendable ? encodeURIComponent(text) : IMPOSSIBLE_CODE;
}

function encodeId(text: string, name: string): string {
  // An empty or dot segment would name another resource, for example the whole list.
  if (["", ".", ".."].includes(text) || UNSENDABLE.test(text)) {
    throw new ConfigurationError(
      `Invalid ${name} ${JSON.stringify(text)}: expected text without '/', '\\' and ` +
        "control characters, other than '', '.' and '..'.",
    );
  }
  return encodeURIComponent(text);
}

// Programs without types may pass anything.
function requireId(value: unknown, name: string): string {
  if (typeof value !== "string" && typeof value !== "number") {
    throw new ConfigurationError(`Invalid ${name} ${value}: expected text or a number.`);
  }
  return String(value);
}

function mask(code: string): string {
  return `${code.length >= MIN_PARTLY_SHOWN_LENGTH ? code.slice(0, 2) : ""}***`;
}

/** Return a body as JSON, which has neither invalid dates nor infinite numbers. */
export function encodeJson(body: unknown): string {
  try {
    return JSON.stringify(body, function (this: Record<string, unknown>, name, value) {
      return requireFinite(this[name], name) && value;
    });
  } catch (error) {
    const { message } = error as Error;
    throw new ConfigurationError(`The request cannot be sent as JSON: ${message}.`);
  }
}

function requireFinite(value: unknown, name: string): true {
  const isInvalid =
    typeof value === "number"
      ? !Number.isFinite(value)
      : value instanceof Date && Number.isNaN(value.getTime());
  if (isInvalid) throw new ConfigurationError(`Invalid ${name}: ${value}`);
  return true;
}

/** Return a query string with its question mark, or nothing. */
export function buildQuery(query: QueryValues = {}): string {
  const pairs = new URLSearchParams();
  const add = (name: string, value: unknown): void => {
    if (value === undefined || value === null) return;
    requireFinite(value, name);
    if (Array.isArray(value)) value.forEach((item) => add(name, item));
    else if (value instanceof Date) pairs.append(name, value.toISOString());
    else if (typeof value === "object") {
      // The filters `metadata.KEY` of a list.
      Object.entries(value).forEach(([key, item]) => add(`${name}.${key}`, item));
    } else pairs.append(name, String(value));
  };
  Object.entries(query).forEach(([name, value]) => add(name, value));
  // Some servers and proxies read a plus sign as one.
  const text = pairs.toString().replaceAll("+", "%20");
  return text && `?${text}`;
}
