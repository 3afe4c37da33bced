/** When a request is tried again, and after which pause. */

const RETRIED_STATUSES = new Set([429, 502, 503, 504]);
const CODE_IN_PROGRESS = "REQUEST_UNDER_WAY";
const FIRST_PAUSE_SECONDS = 0.5;
const MAX_PAUSE_SECONDS = 8;
// A longer Retry-After is left to the caller, who must not be blocked for minutes.
const MAX_RETRY_AFTER_SECONDS = 30;

/** Return true if another try may have another answer soon. */
export function canRetry(
  status: number,
  code: string,
  retryAfter: number | null,
): boolean {
  if (retryAfter !== null && retryAfter > MAX_RETRY_AFTER_SECONDS) return false;
  return RETRIED_STATUSES.has(status) || (status === 409 && code === CODE_IN_PROGRESS);
}

/** Return the seconds before the next try: full jitter, and never too early. */
export function choosePause(failures: number, retryAfter: number | null): number {
  const longest = Math.min(MAX_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (failures - 1));
  // The jitter keeps callers that got the same Retry-After from returning together.
  return (retryAfter ?? 0) + Math.random() * longest;
}

/** Return the seconds of Retry-After, which is a number or a date (RFC 9110). */
export function parseRetryAfter(headers: Headers): number | null {
  const text = headers.get("retry-after")?.trim() ?? "";
  if (/^\d+$/.test(text)) return Number(text);
  const end = Date.parse(text.endsWith("GMT") ? text : ""); // it reads 1.5 as a date
  if (Number.isNaN(end)) return null;
  const start = Date.parse(headers.get("date") ?? "");
  return Math.max(0, (end - (Number.isNaN(start) ? Date.now() : start)) / 1000);
}

/** Wait. */
export function sleep(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
