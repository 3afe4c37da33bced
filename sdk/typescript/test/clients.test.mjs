/** Retries, errors and bad input of both clients, against a real HTTP server. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer as createProxy } from "node:http";
import { createServer } from "node:https";
import { test } from "node:test";
import { inspect, promisify } from "node:util";
import * as sdk from "../dist/index.js";
import {
  answer,
  cut,
  cutInTheMiddle,
  refuse,
  shortenPauses,
  startServer,
  staySilent,
} from "./scripted_server.mjs";

const { Coupons, CouponsAdmin, Hmac, ApiKey, TenantToken } = sdk;
const SECRET = "whsec-of-acme";
const COUPON = { id: "1", code: "SAVE10", status: "redeemed", from_a_newer_server: 1 };
const OK = answer(200, COUPON);

function openCoupons(server, options) {
  return new Coupons(server.url, new Hmac("acme", SECRET), options);
}

function openAdmin(server, options) {
  return new CouponsAdmin(server.url, new ApiKey("pk_1"), {
    tenantId: "acme",
    ...options,
  });
}

/** A credential that shows how often it was asked. */
class CountingCredential {
  count = 0;
  buildHeaders() {
    this.count += 1;
    return { "X-Try": String(this.count) };
  }
}

const RETRIED = {
  502: refuse(502, "UNAVAILABLE"),
  503: refuse(503, "UNAVAILABLE"),
  504: refuse(504, "UNAVAILABLE"),
  429: refuse(429, "RATE_LIMITED", { "Retry-After": "0" }),
  "409 in progress": refuse(409, "REQUEST_UNDER_WAY", { "Retry-After": "0" }),
  HTML: answer(502, "<html>Bad gateway</html>"),
  "a cut connection": cut,
  "a cut body": cutInTheMiddle,
};
for (const [name, act] of Object.entries(RETRIED)) {
  test(`a redeem is tried again after ${name}, with its key and a new signature`, async (t) => {
    shortenPauses(t);
    const server = await startServer(t, act, act, OK);
    const client = new Coupons(server.url, new CountingCredential());
    assert.deepEqual(await client.redeem("SAVE10", "ann"), COUPON);
    const { received } = server;
    assert.deepEqual(
      received.map(({ headers }) => headers["x-try"]),
      ["1", "2", "3"],
    );
    assert.equal(
      new Set(received.map(({ headers }) => headers["idempotency-key"])).size,
      1,
    );
    assert.match(received[0].headers["idempotency-key"], /^[A-Za-z0-9_-]{1,255}$/);
    assert.deepEqual(
      new Set(received.map(({ body }) => body)),
      new Set(['{"user_id":"ann"}']),
    );
  });
}

const FINAL = [
  [400, "COUPON_EXPIRED", sdk.CouponRefused],
  [400, "VALIDATION_ERROR", sdk.InvalidRequest],
  [401, "AUTH_001", sdk.AuthenticationError],
  [403, "ACCESS_DENIED", sdk.PermissionDenied],
  [404, "COUPON_NOT_FOUND", sdk.CouponRefused],
  [404, "NOT_FOUND", sdk.NotFound],
  [409, "RESERVATION_EXPIRED", sdk.CouponRefused],
  [409, "CONFLICT", sdk.Conflict],
  [400, "A_CODE_OF_A_NEWER_SERVER", sdk.CouponRefused],
  [413, "TOO_LARGE", sdk.InvalidRequest],
  [422, "IDEMPOTENCY_KEY_REUSED", sdk.InvalidRequest],
  [500, "INTERNAL_ERROR", sdk.ServerError],
];
for (const [status, code, kind] of FINAL) {
  test(`${status} ${code} is a ${kind.name} at once`, async (t) => {
    const server = await startServer(t, refuse(status, code));
    const error = await openCoupons(server)
      .redeem("SAVE10", "ann")
      .catch((caught) => caught);
    assert.equal(error.constructor, kind);
    const facts = [error.name, error.message, error.status, error.code, error.requestId];
    const message = error.advice ? `No. ${error.advice}` : "No";
    assert.deepEqual(facts, [kind.name, message, status, code, "r1"]);
    assert.equal(server.received.length, 1);
  });
}

test("an error that is no document has the type of its status", async (t) => {
  const server = await startServer(t, answer(404, "<html>No such page</html>"));
  const error = await openAdmin(server)
    .definitions.get("1")
    .catch((caught) => caught);
  assert.deepEqual([error.constructor, error.code], [sdk.NotFound, ""]);
  assert.match(error.message, /404 .*perhaps a proxy/);
});

test("a refusal is no CouponRefused where no code is used", async (t) => {
  const server = await startServer(t, refuse(404, "DEFINITION_NOT_FOUND"));
  await assert.rejects(openAdmin(server).definitions.get("1"), sdk.NotFound);
});

test("the last error is thrown after three tries, which the log hook sees", async (t) => {
  shortenPauses(t);
  const entries = [];
  const server = await startServer(t, refuse(503, "UNAVAILABLE"));
  const client = openCoupons(server, { log: (entry) => entries.push(entry) });
  await assert.rejects(client.redeem("SAVE10", "ann"), sdk.ServerError);
  assert.deepEqual(
    entries.map(({ attempt, status, path }) => [attempt, status, path]),
    [1, 2, 3].map((attempt) => [attempt, 503, "/v1/coupons/acme/redeem/SA***"]),
  );
  assert.deepEqual(
    entries.map(({ pause }) => pause),
    [0, 0, null],
  );
});

test("a long Retry-After is left to the caller", async (t) => {
  const server = await startServer(
    t,
    refuse(429, "RATE_LIMITED", { "Retry-After": "31" }),
  );
  const error = await openCoupons(server)
    .redeem("SAVE10", "ann")
    .catch((caught) => caught);
  assert.deepEqual([error.constructor, error.retryAfter], [sdk.RateLimited, 31]);
  assert.equal(server.received.length, 1);
});

test("a silent server is a timeout whose outcome is unknown", async (t) => {
  const server = await startServer(t, staySilent);
  const client = openCoupons(server, { timeoutSeconds: 0.05, maxRetries: 0 });
  await assert.rejects(client.redeem("SAVE10", "ann"), (error) => {
    assert.equal(error.constructor, sdk.ConnectionTimeout);
    assert.match(
      error.message,
      /POST \/v1\/coupons\/acme\/redeem\/SA\*\*\*: it was not complete within 0\.05 sec/,
    );
    return error.isOutcomeUnknown;
  });
});

test("a server that is away has done nothing, and is tried again", async (t) => {
  shortenPauses(t);
  const attempts = [];
  const log = ({ attempt }) => attempts.push(attempt);
  const { url, stop } = await startServer(t, OK);
  await stop();
  const away = openCoupons({ url }, { log });
  await assert.rejects(away.redeem("SAVE10", "ann"), {
    name: "ConnectionFailed",
    message: /ECONNREFUSED/,
    isOutcomeUnknown: false,
  });
  assert.deepEqual(attempts, [1, 2, 3]);
});

test("a port that fetch refuses has not got the request", async () => {
  const client = openCoupons({ url: "http://127.0.0.1:9" }, { maxRetries: 0 });
  await assert.rejects(client.redeem("A", "ann"), {
    name: "ConnectionFailed",
    isOutcomeUnknown: false,
  });
});

test("no text of a failure has the code or the query, whatever fetch says", async () => {
  const fetch = async (url) => {
    const cause = new Error(
      `error sending request for url (${url}): client error (Connect)`,
    );
    throw new TypeError("fetch failed", { cause });
  };
  const client = openCoupons({ url: "http://a" }, { fetch, maxRetries: 0 });
  const error = await client.validate("SUMMER26", "ann").catch((caught) => caught);
  assert.deepEqual([error.name, error.isOutcomeUnknown], ["ConnectionFailed", false]);
  assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), /SUMMER26|user_id/);
});

const { TLS_CERTIFICATE, TLS_KEY } = process.env;
test("a certificate that does not verify is final", { skip: !TLS_KEY }, async (t) => {
  const options = { cert: readFileSync(TLS_CERTIFICATE), key: readFileSync(TLS_KEY) };
  const server = createServer(options).listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  const attempts = [];
  const url = `https://127.0.0.1:${server.address().port}`;
  const client = openCoupons({ url }, { log: ({ attempt }) => attempts.push(attempt) });
  await assert.rejects(client.redeem("SAVE10", "ann"), {
    message: /certificate does not verify/,
    isOutcomeUnknown: false,
  });
  assert.deepEqual(attempts, [1]);
});

test("a DELETE whose answer was lost counts as done if nothing is left", async (t) => {
  shortenPauses(t);
  const server = await startServer(t, cut, refuse(404, "RESERVATION_NOT_FOUND"));
  assert.equal(await openCoupons(server).release("r1"), undefined);
  await assert.rejects(openCoupons(server).release("r1"), sdk.CouponRefused);
});

for (const status of [301, 302, 307, 308]) {
  test(`a redirect ${status} is not followed, and named without its path`, async (t) => {
    const other = await startServer(t, OK);
    const location = `${other.url}/stolen`;
    const server = await startServer(t, answer(status, "", { Location: location }));
    await assert.rejects(openCoupons(server).redeem("SAVE10", "ann"), (error) => {
      assert.equal(error.constructor, sdk.UnexpectedAnswer);
      return error.message.includes(`redirects to ${other.url}.`);
    });
    assert.equal(other.received.length, 0);
  });
}

test("a proxy that refuses is asked once and gets no credential", async (t) => {
  const asked = [];
  const proxy = createProxy().listen(0, "127.0.0.1");
  proxy.on("connect", ({ url, headers }, socket) => {
    asked.push([url, Object.keys(headers)]);
    socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
  });
  t.after(() => proxy.close());
  await once(proxy, "listening");
  const address = `http://127.0.0.1:${proxy.address().port}`;
  const program = `
    import { Coupons, Hmac } from ${JSON.stringify(import.meta.resolve("../dist/index.js"))};
    new Coupons("https://coupons.example.invalid", new Hmac("acme", "secret"))
      .redeem("SAVE10", "ann")
      .catch((e) => console.log(e.name, e.isOutcomeUnknown, e.message));`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--input-type=module", "--eval", program],
    { env: { ...process.env, NODE_USE_ENV_PROXY: "1", HTTPS_PROXY: address } },
  );
  assert.match(stdout, /^ConnectionFailed false .*Proxy response \(407\)/);
  const [[url, headers]] = asked;
  assert.deepEqual([asked.length, url], [1, "coupons.example.invalid:443"]);
  assert.ok(!headers.includes("x-signature"));
});

for (const text of ["<html>Welcome</html>", "null", "7", '{"id": ', ""]) {
  test(`a successful answer ${JSON.stringify(text)} is unexpected`, async (t) => {
    const server = await startServer(t, answer(200, text));
    const list = openAdmin(server).definitions.list();
    await assert.rejects(openCoupons(server).redeem("A", "ann"), sdk.UnexpectedAnswer);
    await assert.rejects(list.page(), sdk.UnexpectedAnswer);
  });
}

test("a document that is not the list is unexpected", async (t) => {
  const server = await startServer(t, answer(200, { coupons: [] }));
  await assert.rejects(openAdmin(server).definitions.list().page(), sdk.UnexpectedAnswer);
});

for (const act of [answer(204), answer(200, "[]")]) {
  test("a redeem without a coupon in its answer has not succeeded", async (t) => {
    const server = await startServer(t, act);
    await assert.rejects(openCoupons(server).redeem("A", "ann"), sdk.UnexpectedAnswer);
  });
}

for (const members of [
  { details: 5 },
  { details: null },
  { details: "wrong" },
  { details: ["wrong"] },
  { message: { text: "No" } },
  { request_id: ["r1"] },
]) {
  test(`an error may have ${JSON.stringify(members)}`, async (t) => {
    const document = { code: "VALIDATION_ERROR", message: "No", ...members };
    const server = await startServer(t, answer(400, document));
    const error = await openCoupons(server)
      .redeem("A", "ann")
      .catch((caught) => caught);
    assert.equal(error.constructor, sdk.InvalidRequest);
    assert.deepEqual([error.details, error.requestId], [[], ""]);
    assert.match(error.message, /^No$|^The server answered 400/);
  });
}

for (const text of ["1.5", "-1", "May 2026", "4 May 99999999 12:00:00 GMT"]) {
  test(`a Retry-After of ${text} is none`, async (t) => {
    const server = await startServer(t, refuse(500, "X", { "Retry-After": text }));
    const error = await openCoupons(server)
      .redeem("A", "ann")
      .catch((caught) => caught);
    assert.equal(error.retryAfter, null);
  });
}

for (const [direction, shift] of [
  ["ahead", -600_000],
  ["behind", 600_000],
]) {
  test(`a clock that is ${direction} is named where it may be the cause`, async (t) => {
    const date = new Date(Date.now() + shift).toUTCString();
    const server = await startServer(t, refuse(401, "AUTH_001", { Date: date }));
    const { message } = await openCoupons(server)
      .redeem("A", "a")
      .catch((caught) => caught);
    assert.match(message, /clock of this machine is (6\d\d|59\d) seconds (ahead|behind)/);
    assert.ok(message.includes(direction));
  });
}

test("equal signed requests of one second are two: each has a nonce", async (t) => {
  const server = await startServer(t, OK);
  const client = openCoupons(server);
  await client.redeem("A", "ann");
  await client.redeem("A", "ann");
  const [first, second] = server.received.map(({ body }) => JSON.parse(body));
  assert.equal(first.user_id, "ann");
  assert.notEqual(first.nonce, second.nonce);
});

test("the signature covers method, path, time and body, and no path of a proxy", async (t) => {
  const server = await startServer(t, OK);
  const client = openCoupons({ url: `${server.url}/shop/` });
  await client.redeem("SAVE 10's", "änn");
  await client
    .list("a b", { status: "active" })
    .page()
    .catch(() => {});
  for (const { method, url, headers, body } of server.received) {
    const target = url.replace("/shop", "");
    const signed = `${method}\n${target}\n${headers["x-timestamp"]}\n${body}`;
    const expected = createHmac("sha256", SECRET).update(signed).digest("hex");
    assert.equal(headers["x-signature"], `hmac-sha256=${expected}`);
  }
});

test("an own key is sent, and belongs to the client that has it", async (t) => {
  const server = await startServer(t, OK);
  const client = openCoupons(server);
  await client.withOptions({ idempotencyKey: "order-1" }).redeem("A", "ann");
  await client.redeem("A", "ann");
  const keys = server.received.map(({ headers }) => headers["idempotency-key"]);
  assert.equal(keys[0], "order-1");
  assert.notEqual(keys[1], "order-1");
});

test("tokens are asked for before each try, and name the tenant themselves", async (t) => {
  const server = await startServer(t, OK);
  let count = 0;
  const client = new Coupons(server.url, new TenantToken(async () => `t${(count += 1)}`));
  await client.redeem("A", "ann");
  await client.redeem("A", "ann");
  const seen = server.received.map(({ url, headers }) => [url, headers.authorization]);
  const path = "/v1/coupons/redeem/A";
  assert.deepEqual(seen, [
    [path, "Bearer t1"],
    [path, "Bearer t2"],
  ]);
});

for (const code of [
  "a/b",
  "..",
  "",
  " . ",
  "a\\b",
  "a\u0000b",
  "\ud800",
  "x".repeat(300),
]) {
  test(`the text ${JSON.stringify(code.slice(0, 9))} is asked for as an impossible code`, async (t) => {
    const server = await startServer(t, answer(200, { valid: false }));
    assert.equal((await openCoupons(server).validate(code)).valid, false);
    assert.equal(server.received[0].url, "/v1/coupons/acme/validate/-");
  });
}

for (const id of ["", ".", "..", "a/b", "a\\b", undefined, null, {}]) {
  test(`the ID ${JSON.stringify(id)} is refused`, async () => {
    const admin = openAdmin({ url: "http://127.0.0.1:9" });
    await assert.rejects(async () => admin.definitions.get(id), sdk.ConfigurationError);
  });
}

for (const url of [
  "x",
  "ftp://a",
  "http://u:p@a",
  "http://a?key=s3cret",
  "http://a#s3cret",
  "http://s3cret@a",
  "a/s3cret",
  "http:///s3cret:",
  "https://a:s3cret",
  "",
]) {
  test(`the base URL ${url} is refused and not repeated`, () => {
    assert.throws(
      () => openCoupons({ url }),
      (error) => {
        assert.equal(error.constructor, sdk.ConfigurationError);
        return !error.message.includes("s3cret");
      },
    );
  });
}

test("impossible options and credentials are refused", () => {
  const server = { url: "http://127.0.0.1:9" };
  for (const options of [
    { timeoutSeconds: 0 },
    { maxRetries: -1 },
    { maxRetries: NaN },
  ]) {
    assert.throws(() => openCoupons(server, options), sdk.ConfigurationError);
    assert.throws(() => openCoupons(server).withOptions(options), sdk.ConfigurationError);
  }
  for (const secret of ["", " s", "s\n", "ß"]) {
    assert.throws(() => new Hmac("acme", secret), sdk.ConfigurationError);
    assert.throws(() => new ApiKey(secret), sdk.ConfigurationError);
  }
});

test("secrets are in no text of a client", () => {
  const secret = "s3cret-value";
  const clients = [
    new Coupons("http://a", new Hmac("acme", secret)),
    new Coupons("http://a", new TenantToken(secret)),
    new CouponsAdmin("http://a", new ApiKey(secret), { tenantId: "acme" }),
  ];
  for (const client of clients) {
    assert.ok(!inspect(client, { depth: 9, showHidden: true }).includes(secret));
    assert.ok(!JSON.stringify(client).includes(secret));
  }
});

for (const [place, value] of [
  ["document", {}],
  ["importScripts", () => {}],
]) {
  test(`secrets are refused where there is ${place}`, async (t) => {
    globalThis[place] = value;
    t.after(() => delete globalThis[place]);
    const refused = { name: "ConfigurationError", message: /browser/ };
    assert.throws(() => new Hmac("acme", SECRET), refused);
    assert.throws(() => new ApiKey("pk_1"), refused);
    assert.throws(
      () => new CouponsAdmin("http://a", null, { tenantId: "acme" }),
      refused,
    );
    await assert.rejects(sdk.mintToken("acme", SECRET), refused);
    new Coupons("http://a", new TenantToken("t"));
  });
}

test("a player's token is minted for one user, up to 30 days", async () => {
  const now = new Date(1_800_000_000_000);
  const token = await sdk.mintToken("acme", SECRET, { userId: "änn", now });
  const [head, claims, signature] = token.split(".");
  const decode = (part) => JSON.parse(Buffer.from(part, "base64url"));
  assert.deepEqual(decode(head), { alg: "HS256", typ: "JWT" });
  const times = { iat: 1_800_000_000, exp: 1_800_003_600 };
  assert.deepEqual(decode(claims), {
    sub: "änn",
    sub_type: "tenant",
    sub_id: "acme",
    ...times,
  });
  const expected = createHmac("sha256", SECRET).update(`${head}.${claims}`);
  assert.equal(signature, expected.digest("base64url"));
  for (const lifetimeSeconds of [0, -1, 30 * 86_400 + 1, NaN]) {
    await assert.rejects(
      sdk.mintToken("a", "s", { lifetimeSeconds }),
      sdk.ConfigurationError,
    );
  }
});

test("lists are read page by page, by offset", async (t) => {
  const server = await startServer(
    t,
    answer(200, { definitions: [1, 2], total: 3 }),
    answer(200, { definitions: [3], total: 3 }),
  );
  const found = [];
  const list = openAdmin(server).definitions.list({
    limit: 2,
    metadata: { season: "a b" },
  });
  for await (const item of list) found.push(item);
  assert.deepEqual(found, [1, 2, 3]);
  const path = "/v1/tenants/acme/coupons?limit=2&metadata.season=a%20b";
  assert.deepEqual(
    server.received.map(({ url }) => url),
    [path, `${path}&offset=2`],
  );
});

test("lists are read page by page, by cursor", async (t) => {
  const server = await startServer(
    t,
    answer(200, { redemptions: [1], next: "c2", has_more: true }),
    answer(200, { redemptions: [2], next: null, has_more: false }),
  );
  const pages = [];
  for await (const page of openAdmin(server).redemptions.list().pages()) pages.push(page);
  assert.deepEqual(
    pages.map(({ items, next, hasMore, total }) => [items, next, hasMore, total]),
    [
      [[1], "c2", true, null],
      [[2], null, false, null],
    ],
  );
  assert.equal(server.received[1].url, "/v1/tenants/acme/redemptions?cursor=c2");
});

test("waiting reports progress, and ends with an error after its time", async (t) => {
  const batch = (state) => answer(200, { batch_id: "b", state });
  const server = await startServer(t, batch("running"), batch("completed"));
  const states = [];
  const progress = ({ state }) => states.push(state);
  const admin = openAdmin(server);
  assert.equal((await admin.batches.wait("b", { progress })).state, "completed");
  assert.deepEqual(states, ["running", "completed"]);
  const stuck = openAdmin(await startServer(t, batch("running")));
  await assert.rejects(stuck.batches.wait("b", { timeoutSeconds: 0.1 }), sdk.WaitTimeout);
});
