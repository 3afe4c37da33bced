/** Mistakes of integrators, and messages that say what to do. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import * as sdk from "../dist/index.js";
import { ADVICE } from "../dist/refusals.js";
import { refuse, startServer } from "./scripted_server.mjs";

const { ApiKey, Coupons, CouponsAdmin, Hmac, mintToken, TenantToken } = sdk;
const URL = "http://127.0.0.1:1";
const SIGNED = {
  "webhook-id": "1",
  "webhook-timestamp": "1",
  "webhook-signature": "v1,YQ==",
};
const open = (options) => new Coupons(URL, new Hmac("acme", "secret"), options);
const redeem = (credential) => new Coupons(URL, credential).redeem("A", "ann");
const redeemWith = (members) => open().redeem("A", "ann", members);
const redeemOnce = (idempotencyKey) => open().withOptions({ idempotencyKey });
const openAdmin = () => new CouponsAdmin(URL, new ApiKey("pk_1"), { tenantId: "acme" });
const circular = {};
circular.itself = circular;

const UNUSABLE = {
  "no secret": [() => new Hmac("acme", undefined), /secret .* is missing/],
  "no token": [() => redeem(new TenantToken(undefined)), /token .* is missing/],
  "a promise": [() => redeem(new TenantToken(Promise.resolve("t"))), /await it/],
  "no key": [() => new ApiKey(""), /key .* is missing/],
  "no tenant": [() => new Hmac(undefined, "secret"), /tenant ID is missing/],
  "no options": [() => new CouponsAdmin(URL, new ApiKey("pk_1")), /tenant ID is missing/],
  "a token without a secret": [() => mintToken("acme"), /secret .* is missing/],
  "a token without a tenant": [() => mintToken("", "secret"), /tenant ID is missing/],
  "text as a credential": [() => redeem("secret"), /expected new Hmac\(…\)/],
  "no credential": [() => redeem(undefined), /or null/],
  "a class": [() => redeem(Hmac), /cannot be used/],
  milliseconds: [() => open({ timeoutSeconds: 1e7 }), /timeoutSeconds 10000000: .*86400/],
  infinity: [() => open({ timeoutSeconds: Infinity }), /Invalid timeoutSeconds/],
  retries: [() => open({ maxRetries: null }), /maxRetries null: .* 0 or more/],
  size: [() => open({ maxAnswerBytes: "1" }), /maxAnswerBytes "1": .* 1 or more/],
  "an empty key": [() => redeemOnce(""), /idempotencyKey "": expected 1 to 255/],
  "a key with a blank": [() => redeemOnce("order 17"), /idempotencyKey "order 17"/],
  "a circle": [() => redeemWith({ metadata: circular }), /cannot be sent as JSON/],
  "a big integer": [() => redeemWith({ metadata: { a: 10n } }), /cannot be sent as JSON/],
  "an infinite number": [() => redeemWith({ metadata: { a: NaN } }), /Invalid a: NaN/],
  "an invalid date": [
    () => openAdmin().definitions.change("d", { config: { expires_at: new Date("x") } }),
    /Invalid expires_at: Invalid Date/,
  ],
  "an invalid date in a query": [
    () => openAdmin().reports.redemptions({ from: new Date("x") }),
    /Invalid from: Invalid Date/,
  ],
  "no scheme": [() => new Coupons("127.0.0.1:1", null), /such as https:/],
  "no webhook secret": [() => sdk.verifyWebhook("{}", SIGNED), /one secret/],
  "a parsed webhook": [() => sdk.verifyWebhook({}, SIGNED, "whsec_YQ=="), /received/],
};
for (const [name, [act, message]] of Object.entries(UNUSABLE)) {
  test(`${name}: an unusable argument is named and nothing is sent`, async () => {
    await assert.rejects(async () => act(), { name: "ConfigurationError", message });
  });
}

for (const [code, advice] of ADVICE) {
  test(`${code} says what to check`, async (t) => {
    const status = code === "NOT_FOUND" ? 404 : 401;
    const { url } = await startServer(t, refuse(status, code));
    const client = new Coupons(url, new Hmac("acme", "secret"));
    const expected = { code, advice, message: `No. ${advice}` };
    await assert.rejects(client.redeem("A", "ann"), expected);
  });
}

test("a server without TLS is recognized, and named", async (t) => {
  const server = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  t.after(() => server.close());
  await once(server.listen(0, "127.0.0.1"), "listening");
  const url = `https://127.0.0.1:${server.address().port}`;
  const client = new Coupons(url, new Hmac("acme", "secret"), { maxRetries: 0 });
  await assert.rejects(client.redeem("A", "ann"), ({ message }) => {
    assert.ok(message.startsWith(`No answer from ${url} to POST /v1/`));
    return /does not use TLS: .* http:/.test(message);
  });
});
