/** Carry out calls: tries, pauses, and the answer. */

import {
  type Answer,
  describeFailure,
  readDocument,
  readError,
  type Title,
} from "./answers.js";
import { Hmac } from "./credentials.js";
import { encodeText, toHex } from "./encoding.js";
import { ApiError, ConnectionFailed } from "./errors.js";
import {
  checkOptions,
  type LogEntry,
  type Options,
  type RequestOptions,
} from "./options.js";
import { USER_AGENT } from "./platform.js";
import { buildQuery, type Call, fillPath } from "./requests.js";
import { canRetry, choosePause, sleep } from "./retries.js";
import { findContentType, isRepeatable, openUpload } from "./uploads.js";

const NO_BODY = new Uint8Array();
const CSV = "text/csv";

/** What all tries of a call share. */
interface Prepared {
  readonly call: Call;
  readonly url: string;
  /** What is signed: a proxy removes the path of baseUrl. */
  readonly target: string;
  readonly title: Title;
  readonly maskedPath: string;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** Aborts a request when nothing has arrived or left for some time. */
class Watchdog {
  readonly #controller = new AbortController();
  readonly signal = this.#controller.signal;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly seconds: number) {}

  restart = (): void => {
    this.stop();
    this.#timer = setTimeout(() => {
      const text = `nothing arrived within ${this.seconds} seconds`;
      this.#controller.abort(new DOMException(text, "TimeoutError"));
    }, this.seconds * 1000);
  };

  stop(): void {
    clearTimeout(this.#timer);
  }
}

/** Sends the requests of a client. */
export class Runner {
  readonly #options: Options;

  constructor(options: Options) {
    this.#options = options;
  }

  /** Return a runner with other options. */
  withOptions(changes: RequestOptions): Runner {
    return new Runner(checkOptions({ ...this.#options, ...changes }));
  }

  /** Return the document that answers a call. */
  async run(call: Call): Promise<unknown> {
    const prepared = this.#prepare(call);
    const watchdog = new Watchdog(this.#options.timeoutSeconds);
    return readDocument(call, await this.#send(prepared, watchdog), prepared.title);
  }

  /** Yield the chunks of a body. */
  async *stream(call: Call): AsyncGenerator<Uint8Array> {
    const prepared = this.#prepare({ ...call, accept: CSV });
    const watchdog = new Watchdog(this.#options.timeoutSeconds);
    const { response } = await this.#send(prepared, watchdog);
    const reader = response.body!.getReader();
    try {
      for (;;) {
        watchdog.restart();
        const { done, value } = await reader.read();
        watchdog.stop(); // the caller may take any time for a chunk
        if (done) return;
        yield value;
      }
    } catch (failure) {
      throw describeFailure(failure, prepared.title, prepared.url);
    } finally {
      watchdog.stop();
      await reader.cancel().catch(() => {});
    }
  }

  #prepare(call: Call): Prepared {
    const { method, accept = "application/json" } = call;
    const [path, maskedPath] = fillPath(call);
    const target = path + buildQuery(call.query);
    const headers: Record<string, string> = { ...USER_AGENT, Accept: accept };
    if (call.upload !== undefined) headers["Content-Type"] = findContentType(call.upload);
    else if (call.body !== undefined) headers["Content-Type"] = "application/json";
    let { body } = call;
    if (method === "POST") {
      // Made before the first try, and used by all. Pages without https have no randomUUID.
      const random = () => toHex(crypto.getRandomValues(new Uint8Array(16)));
      const key = this.#options.idempotencyKey ?? random();
      headers["Idempotency-Key"] = key;
      if (body !== undefined && this.#options.credential instanceof Hmac) {
        // Equal requests of one second would have equal signatures, and the gateway takes
        // those for repetitions (docs/api-contracts.md 0.12).
        body = { ...(body as object), nonce: key };
      }
    }
    return {
      call,
      url: this.#options.baseUrl + target,
      target,
      title: `${method} ${maskedPath}`,
      maskedPath,
      headers,
      body: body === undefined ? NO_BODY : encodeText(JSON.stringify(body)),
    };
  }

  async #send(prepared: Prepared, watchdog: Watchdog): Promise<Answer> {
    const { call } = prepared;
    for (let attempt = 1, isAnswerLost = false; ; attempt += 1) {
      const startedAt = performance.now();
      watchdog.restart();
      const outcome = await this.#try(prepared, watchdog);
      watchdog.stop();
      const seconds = (performance.now() - startedAt) / 1000;
      const entry = { attempt, seconds, outcome };
      if (!(outcome instanceof ConnectionFailed) && isDone(outcome, call, isAnswerLost)) {
        this.#log(prepared, { ...entry, error: null, pause: null });
        return outcome;
      }
      const isLost = outcome instanceof ConnectionFailed;
      const error = isLost ? outcome : readError(call, outcome);
      isAnswerLost ||= isLost && outcome.isOutcomeUnknown;
      const pause = this.#choosePause(call, attempt, error);
      this.#log(prepared, { ...entry, error, pause });
      if (pause === null) throw error;
      await sleep(pause);
    }
  }

  async #try(prepared: Prepared, watchdog: Watchdog): Promise<Answer | ConnectionFailed> {
    const { call, url, target, headers, body, title } = prepared;
    const { method, upload } = call;
    const signed = await this.#options.credential?.buildHeaders(method, target, body);
    const init: RequestInit & { duplex?: "half" } = {
      method,
      headers: { ...headers, ...signed },
      redirect: "manual",
      signal: watchdog.signal,
    };
    if (upload !== undefined) {
      init.body = openUpload(upload, watchdog.restart);
      init.duplex = "half";
    } else if (call.body !== undefined) init.body = body;
    try {
      const response = await this.#options.fetch(url, init);
      const isStreamed = call.accept === CSV && response.ok;
      return { response, text: isStreamed ? "" : await response.text() };
    } catch (failure) {
      return describeFailure(failure, title, url);
    }
  }

  /** Return the seconds before the next try; null if there is none. */
  #choosePause(
    { upload }: Call,
    attempt: number,
    error: ApiError | ConnectionFailed,
  ): number | null {
    const retryAfter = error instanceof ApiError ? error.retryAfter : null;
    const hasChance =
      error instanceof ApiError
        ? canRetry(error.status, error.code, retryAfter)
        : !error.isPermanent;
    if (!hasChance || !isRepeatable(upload) || attempt > this.#options.maxRetries) {
      return null;
    }
    return choosePause(attempt, retryAfter);
  }

  #log(
    { call, maskedPath }: Prepared,
    {
      outcome,
      ...entry
    }: Pick<LogEntry, "attempt" | "seconds" | "error" | "pause"> & {
      outcome: Answer | ConnectionFailed;
    },
  ): void {
    const response = "response" in outcome ? outcome.response : null;
    this.#options.log?.({
      method: call.method,
      path: maskedPath,
      status: response?.status ?? null,
      requestId: response?.headers.get("x-request-id") ?? "",
      ...entry,
    });
  }
}

function isDone({ response }: Answer, { method }: Call, isAnswerLost: boolean): boolean {
  // A DELETE whose first answer was lost finds nothing the second time.
  return response.ok || (isAnswerLost && method === "DELETE" && response.status === 404);
}
