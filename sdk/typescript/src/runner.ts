/** Carry out calls: tries, pauses, and the answer. */

import {
  type Answer,
  describeFailure,
  readDocument,
  readError,
  readParts,
  readText,
  type Title,
} from "./answers.js";
import { Hmac } from "./credentials.js";
import { encodeText, toHex } from "./encoding.js";
import { AnswerTooLarge, ApiError, ConnectionFailed } from "./errors.js";
import {
  checkOptions,
  type LogEntry,
  type Options,
  type RequestOptions,
} from "./options.js";
import { USER_AGENT } from "./platform.js";
import { buildQuery, type Call, encodeJson, fillPath } from "./requests.js";
import { canRetry, choosePause, sleep } from "./retries.js";
import { findContentType, isRepeatable, openUpload } from "./uploads.js";

const NO_BODY = new Uint8Array();
const CSV = "text/csv";
const NO_PART = "no further part arrived";

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
  /** That of the current try. */
  watchdog?: Watchdog;
}

/** Aborts a try that takes too long, or a part of a file. */
class Watchdog {
  readonly #controller = new AbortController();
  readonly signal = this.#controller.signal;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly seconds: number) {
    this.restart();
  }

  restart(reason = "it was not complete"): void {
    this.stop();
    this.#timer = setTimeout(() => {
      const text = `${reason} within ${this.seconds} seconds (timeoutSeconds)`;
      this.#controller.abort(new DOMException(text, "TimeoutError"));
    }, this.seconds * 1000);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

/** What a try has led to. */
type Outcome = Answer | ConnectionFailed | AnswerTooLarge;

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

  /** The limit of an answer, and of a row of a file. */
  get maxAnswerBytes(): number {
    return this.#options.maxAnswerBytes;
  }

  /** Return the document that answers a call. */
  async run(call: Call): Promise<unknown> {
    const prepared = this.#prepare(call);
    return readDocument(call, await this.#send(prepared), prepared.title);
  }

  /** Yield the parts of a file. */
  async *stream(call: Call): AsyncGenerator<Uint8Array> {
    const prepared = this.#prepare({ ...call, accept: CSV });
    const { response } = await this.#send(prepared);
    const watchdog = prepared.watchdog!;
    try {
      watchdog.restart(NO_PART);
      for await (const part of readParts(response)) {
        watchdog.stop(); // the caller may take any time for a part
        yield part;
        watchdog.restart(NO_PART);
      }
    } catch (failure) {
      throw this.#describe(failure, prepared);
    } finally {
      watchdog.stop();
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
      body: body === undefined ? NO_BODY : encodeText(encodeJson(body)),
    };
  }

  async #send(prepared: Prepared): Promise<Answer> {
    const { call } = prepared;
    for (let attempt = 1, isAnswerLost = false; ; attempt += 1) {
      const startedAt = performance.now();
      const outcome = await this.#try(prepared);
      prepared.watchdog?.stop();
      const seconds = (performance.now() - startedAt) / 1000;
      const entry = { attempt, seconds, outcome };
      if (!(outcome instanceof Error) && isDone(outcome, call, isAnswerLost)) {
        this.#log(prepared, { ...entry, error: null, pause: null });
        return outcome;
      }
      const isLost = outcome instanceof ConnectionFailed;
      const error = outcome instanceof Error ? outcome : readError(call, outcome);
      isAnswerLost ||= isLost && outcome.isOutcomeUnknown;
      const pause = this.#choosePause(call, attempt, error);
      this.#log(prepared, { ...entry, error, pause });
      if (pause === null) throw error;
      await sleep(pause);
    }
  }

  async #try(prepared: Prepared): Promise<Outcome> {
    const { call, url, target, headers, body, title } = prepared;
    const { method, upload } = call;
    const signed = await this.#options.credential?.buildHeaders(method, target, body);
    const watchdog = new Watchdog(this.#options.timeoutSeconds);
    prepared.watchdog = watchdog;
    const init: RequestInit & { duplex?: "half" } = {
      method,
      headers: { ...headers, ...signed },
      redirect: "manual",
      signal: watchdog.signal,
    };
    if (upload !== undefined) {
      init.body = openUpload(upload, watchdog);
      init.duplex = "half";
    } else if (call.body !== undefined) init.body = body;
    try {
      const response = await this.#options.fetch(url, init);
      if (call.accept === CSV && response.ok) return { response, text: "" };
      return { response, text: await readText(response, title, this.maxAnswerBytes) };
    } catch (failure) {
      if (failure instanceof AnswerTooLarge) return failure;
      return this.#describe(failure, prepared);
    }
  }

  #describe(failure: unknown, { title, url }: Prepared): ConnectionFailed {
    return describeFailure(failure, title, url, this.#options.baseUrl);
  }

  /** Return the seconds before the next try; null if there is none. */
  #choosePause(
    { upload }: Call,
    attempt: number,
    error: ApiError | ConnectionFailed,
  ): number | null {
    const retryAfter = error instanceof ApiError ? error.retryAfter : null;
    const isFinal =
      error instanceof ApiError
        ? error instanceof AnswerTooLarge ||
          !canRetry(error.status, error.code, retryAfter)
        : error.isPermanent;
    if (isFinal || !isRepeatable(upload) || attempt > this.#options.maxRetries) {
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
      outcome: Outcome;
    },
  ): void {
    const answer = "response" in outcome ? outcome.response : null;
    const refused = outcome instanceof AnswerTooLarge ? outcome : null;
    this.#options.log?.({
      method: call.method,
      path: maskedPath,
      status: (answer ?? refused)?.status ?? null,
      requestId: answer?.headers.get("x-request-id") ?? refused?.requestId ?? "",
      ...entry,
    });
  }
}

function isDone({ response }: Answer, { method }: Call, isAnswerLost: boolean): boolean {
  // A DELETE whose first answer was lost finds nothing the second time.
  return response.ok || (isAnswerLost && method === "DELETE" && response.status === 404);
}
