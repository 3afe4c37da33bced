/** Answers that are too large or too slow, from a real HTTP server. */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import * as sdk from "../dist/index.js";
import { answer, startServer } from "./scripted_server.mjs";

const { ApiKey, Coupons, CouponsAdmin, Hmac } = sdk;
const MIB = 2 ** 20;
const LIMIT = 16 * MIB;
const TITLE = "POST /v1/coupons/acme/redeem/SA***";

function openCoupons(server, options) {
  return new Coupons(server.url, new Hmac("acme", "secret"), options);
}

function openAdmin(server, options) {
  return new CouponsAdmin(server.url, new ApiKey("pk_1"), {
    tenantId: "acme",
    ...options,
  });
}

/** Answer with what is small only on its way. */
function answerCompressed(content, { encoding = "gzip", status = 200 } = {}) {
  const fast = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };
  const data = encoding === "gzip" ? gzipSync(content) : brotliCompressSync(content, fast);
  const headers = { "Content-Encoding": encoding, "X-Request-Id": "r1" };
  return (response) => response.writeHead(status, headers).end(data);
}

async function readAll(rows) {
  const found = [];
  for await (const row of rows) found.push(row);
  return found;
}

const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

let bomb;
before(() => {
  bomb = Buffer.alloc(24 * MIB, " ");
});

for (const options of [
  { status: 200 },
  { status: 400 },
  { status: 503 },
  { encoding: "br" },
]) {
  test(`an answer ${JSON.stringify(options)} that is too large is refused`, async (t) => {
    const entries = [];
    const server = await startServer(t, answerCompressed(bomb, options));
    const client = openCoupons(server, { log: (entry) => entries.push(entry) });
    await assert.rejects(client.redeem("SAVE10", "ann"), (error) => {
      const { status = 200 } = options;
      assert.deepEqual(
        [error.name, error.status, error.limit, error.requestId],
        ["AnswerTooLarge", status, LIMIT, "r1"],
      );
      assert.ok(error.size > LIMIT && error.size < LIMIT + MIB);
      const shown = `${error.size.toLocaleString("en-US")} bytes`;
      assert.ok(error.message.startsWith(`The answer of ${TITLE} has at least ${shown}`));
      assert.match(error.message, /limit of 16,777,216 \(maxAnswerBytes\)/);
      return error instanceof sdk.UnexpectedAnswer;
    });
    const seen = entries.map(({ status, pause }) => [status, pause]);
    assert.deepEqual(seen, [[options.status ?? 200, null]]);
  });
}

test("the limit is an option, and what has its size is read", async (t) => {
  const server = await startServer(t, answer(200, { code: "é" }));
  const size = Buffer.byteLength(JSON.stringify({ code: "é" }));
  const client = openCoupons(server, { maxAnswerBytes: size });
  assert.deepEqual(await client.redeem("A", "ann"), { code: "é" });
  const smaller = client.withOptions({ maxAnswerBytes: size - 1 });
  await assert.rejects(smaller.redeem("A", "ann"), sdk.AnswerTooLarge);
  for (const maxAnswerBytes of [0, -1, NaN]) {
    assert.throws(() => openCoupons(server, { maxAnswerBytes }), /maxAnswerBytes/);
  }
});

test("a file may have any size, because it is never in memory", async (t) => {
  const row = `SAVE10,${"a".repeat(100_000)}\n`;
  const file = `code,user_id\n${row.repeat(400)}`;
  const server = await startServer(t, answerCompressed(file));
  let count = 0;
  const admin = openAdmin(server, { maxAnswerBytes: MIB });
  for await (const { code } of admin.codes.export().rows()) count += code === "SAVE10";
  assert.equal(count, 400);
});

for (const [name, file] of Object.entries({
  line: `code\n${"a".repeat(8 * MIB)}`,
  quoted: `code\n"${"ab cd\n".repeat(MIB)}`,
})) {
  test(`a row that does not end (${name}) is refused`, async (t) => {
    const server = await startServer(t, answerCompressed(file));
    const admin = openAdmin(server, { maxAnswerBytes: MIB / 2 });
    await assert.rejects(readAll(admin.codes.export().rows()), {
      name: "AnswerTooLarge",
      message: /^A row of the answer of GET .*\(maxAnswerBytes\)/,
    });
  });
}

for (const [name, file] of Object.entries({
  columns: "code,user\nSAVE10\n",
  encoding: Buffer.from("code\n\xff\n", "latin1"),
  quote: 'code\n"A',
})) {
  test(`a file that is no CSV (${name}) is an unexpected answer`, async (t) => {
    const server = await startServer(t, answerCompressed(file));
    await assert.rejects(readAll(openAdmin(server).codes.export().rows()), {
      name: "UnexpectedAnswer",
      message: /^The answer of GET \/v1\/.* cannot be read/,
    });
  });
}

/** Send a byte now and then, as long as the client waits. */
function drip(head) {
  return async (response) => {
    const { socket } = response;
    socket.on("error", () => {});
    socket.write(head);
    for (let count = 0; count < 900 && !socket.destroyed; count += 1) {
      socket.write("x");
      await sleep(0.03);
    }
  };
}

for (const [name, head] of Object.entries({
  headers: "HTTP/1.1 200 OK\r\nX-Filler: ",
  body: "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n",
  error: "HTTP/1.1 500 Error\r\nContent-Length: 900\r\n\r\n",
})) {
  test(`a try ends after its seconds however often a byte arrives (${name})`, async (t) => {
    const server = await startServer(t, drip(head));
    const client = openCoupons(server, { timeoutSeconds: 0.1, maxRetries: 0 });
    const startedAt = performance.now();
    await assert.rejects(client.redeem("SAVE10", "ann"), (error) => {
      const text = `No answer from ${server.url} to ${TITLE}: it was not complete within 0.1 seconds`;
      assert.equal(error.message, `${text} (timeoutSeconds).`);
      assert.equal(error.name, "ConnectionTimeout");
      return error.isOutcomeUnknown;
    });
    const milliseconds = performance.now() - startedAt;
    assert.ok(milliseconds > 95 && milliseconds < 2000, `${milliseconds}`);
  });
}

test("each part of a download may take the seconds", async (t) => {
  const server = await startServer(t, async (response) => {
    for (let count = 0; count < 7; count += 1) {
      response.write("code\n");
      await sleep(0.05);
    }
    response.end();
  });
  const admin = openAdmin(server, { timeoutSeconds: 0.2 });
  assert.equal((await readAll(admin.codes.export().rows())).length, 6);
});

test("a download that stalls ends", async (t) => {
  const server = await startServer(t, (response) => response.write("code\n"));
  const admin = openAdmin(server, { timeoutSeconds: 0.1 });
  await assert.rejects(readAll(admin.codes.export().rows()), {
    name: "ConnectionTimeout",
    message: /no further part arrived within 0\.1 seconds \(timeoutSeconds\)\.$/,
  });
});

test("a source may take any time for a part of an upload", async (t) => {
  async function* generateSlowly() {
    yield Buffer.from("code\n");
    await sleep(0.25);
    yield Buffer.from("A\n");
  }
  const server = await startServer(t, answer(201, { done: 1 }));
  const admin = openAdmin(server, { timeoutSeconds: 0.1 });
  await admin.codes.importCsv("d", generateSlowly());
  assert.equal(server.received[0].body, "code\nA\n");
});

test("text is sent in parts as files are", async (t) => {
  const server = await startServer(t, answer(201, { done: 1 }));
  const source = "a".repeat(200_000);
  await openAdmin(server).codes.importCsv("d", source);
  const [{ body, headers }] = server.received;
  assert.deepEqual([body === source, headers["transfer-encoding"]], [true, "chunked"]);
});
