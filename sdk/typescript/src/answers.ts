/** Read answers: documents, errors, and what is neither. */

import {
  AnswerTooLarge,
  ApiError,
  AuthenticationError,
  ConnectionFailed,
  ConnectionTimeout,
  UnexpectedAnswer,
} from "./errors.js";
import { ADVICE, selectError } from "./refusals.js";
import type { Call } from "./requests.js";
import { parseRetryAfter } from "./retries.js";

/** An answer with its body, which is empty where it is streamed. */
export interface Answer {
  readonly response: Response;
  readonly text: string;
}

/** What messages call a request: its method and its path without codes. */
export type Title = string;

// After these the request has not reached the server.
const UNSENT =
  /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|E(HOST|NET)UNREACH|CONNECT_TIMEOUT|\(Connect\)|bad port/;
// The proxy of the environment refuses to connect, so that no other try can succeed.
const PROXY = /Proxy response/;
// Shorter ones of Node, for example for connecting.
const TIMEOUT = /UND_ERR_\w*TIMEOUT/;
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY/i;
// A larger difference makes signatures and tokens invalid sooner or later.
const MAX_CLOCK_DIFFERENCE_SECONDS = 60;

/** Yield the parts of a body. */
export async function* readParts({ body }: Response): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader();
  let isDone = reader === undefined;
  try {
    while (!isDone) {
      const { done, value } = await reader!.read();
      isDone = done;
      if (!done) yield value!;
    }
  } finally {
    if (!isDone) await reader!.cancel().catch(() => {});
  }
}

/** Return the text of an answer; an AnswerTooLarge as soon as it exceeds the limit. */
export async function readText(
  response: Response,
  title: Title,
  limit: number,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for await (const part of readParts(response)) {
    size += part.length;
    if (size > limit) {
      const requestId = response.headers.get("x-request-id") ?? "";
      const facts = { size, limit, requestId };
      throw new AnswerTooLarge(response.status, `The answer of ${title}`, facts);
    }
    text += decoder.decode(part, { stream: true });
  }
  return text + decoder.decode();
}

/** Return true for an answer that redirects; browsers show no more than that. */
export function isRedirect({ status, type }: Response): boolean {
  return type === "opaqueredirect" || (status >= 300 && status < 400);
}

/** Return the document of a successful answer; only deletions may have none. */
export function readDocument(
  { method }: Call,
  { response, text }: Answer,
  title: Title,
): unknown {
  if (method === "DELETE" && (response.status === 204 || !response.ok)) return undefined;
  try {
    const document: unknown = JSON.parse(text);
    if (isObject(document)) return document;
  } catch {
    // It is reported below.
  }
  throw new UnexpectedAnswer(
    response.status,
    `The answer of ${title} is not a JSON document. Check that baseUrl is the ` +
      "address of a coupon gateway.",
    { requestId: response.headers.get("x-request-id") ?? "" },
  );
}

/** Return the error of an answer that is not successful. */
export function readError({ isRefusable }: Call, { response, text }: Answer): ApiError {
  const { status, statusText, headers } = response;
  const requestId = headers.get("x-request-id") ?? "";
  if (isRedirect(response)) {
    const message =
      `The server redirects to ${describeLocation(response)}. Redirects are not ` +
      "followed, because they could reveal the credential: correct baseUrl.";
    return new UnexpectedAnswer(status, message, { requestId });
  }
  const document = readErrorDocument(text);
  const { details } = document;
  const code = toText(document.code);
  const kind = selectError(status, code, isRefusable ?? false);
  const message =
    toText(document.message) ||
    `The server answered ${status} ${statusText} without an error document; perhaps ` +
      "a proxy did";
  const clock = kind === AuthenticationError ? describeClockDifference(headers) : "";
  return new kind(status, message, {
    code,
    advice: clock || (ADVICE.get(code) ?? ""),
    requestId: toText(document.request_id) || requestId,
    details: Array.isArray(details) ? details.filter(isObject) : [],
    retryAfter: parseRetryAfter(headers),
  });
}

function readErrorDocument(text: string): Record<string, unknown> {
  try {
    const document: unknown = JSON.parse(text);
    if (isObject(document) && typeof document.code === "string") return document;
  } catch {
    // An answer of something else on the way, for example HTML.
  }
  return {};
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function toText(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function describeLocation({ url, headers }: Response): string {
  const location = headers.get("location") ?? "";
  // Browsers do not show it.
  const isShown = location !== "" && URL.canParse(location, url);
  return isShown ? new URL(location, url).origin : "another address";
}

function describeClockDifference(headers: Headers): string {
  const seconds = (Date.now() - Date.parse(headers.get("date") ?? "")) / 1000;
  if (!(Math.abs(seconds) > MAX_CLOCK_DIFFERENCE_SECONDS)) return "";
  const direction = seconds > 0 ? "ahead of" : "behind";
  return (
    `The clock of this machine is ${Math.abs(seconds).toFixed()} seconds ` +
    `${direction} the server's: synchronize it`
  );
}

/** Return the error of a request without an answer; its URL, which has a code, is left out. */
export function describeFailure(
  failure: unknown,
  title: Title,
  url: string,
  baseUrl: string,
): ConnectionFailed {
  if (failure instanceof ConnectionFailed) return failure;
  const reason = listReasons(failure).join(", ");
  const isCertificate = CERTIFICATE.test(reason);
  const isPermanent = isCertificate || PROXY.test(reason);
  const advice = isCertificate
    ? " Its certificate does not verify: install the authority's certificate."
    : reason.includes("WRONG_VERSION_NUMBER")
      ? " The server does not use TLS: its address begins with http://."
      : "";
  const isAborted = failure instanceof DOMException && failure.name === "TimeoutError";
  const isTimeout = isAborted || TIMEOUT.test(reason);
  const kind = isTimeout ? ConnectionTimeout : ConnectionFailed;
  const text = reason.replaceAll(url, "…");
  return new kind(`No answer from ${baseUrl} to ${title}: ${text}.${advice}`, {
    ...(reason.includes(url) ? {} : { cause: failure }),
    isOutcomeUnknown: !UNSENT.test(reason) && !isPermanent,
    isPermanent,
  });
}

/** Return the codes, or else the messages, of an error and its causes. */
function listReasons(failure: unknown): string[] {
  if (!(failure instanceof Error)) return [String(failure)];
  const { code } = failure as { code?: unknown };
  const isCoded = typeof code === "string" && !PROXY.test(failure.message);
  const reason = isCoded ? code : failure.message;
  const causes = failure.cause === undefined ? [] : listReasons(failure.cause);
  return [reason, ...causes];
}
