/** Signatures of webhooks: Standard Webhooks, and both of PlayCamp. */

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { ConfigurationError, InvalidSignature, verifyWebhook } from "../dist/index.js";

const BODY = '{"type":"coupon.redeemed","data":{"name":"é"}}';
const NOW = new Date(1_800_000_000_000);
const TIME = "1800000000";
const KEY = Buffer.from("a key of 24 bytes or so!");
const STANDARD_SECRET = `whsec_${KEY.toString("base64")}`;

function sign(key, text, encoding) {
  return createHmac("sha256", key).update(text).digest(encoding);
}

function signStandard(time = TIME, key = KEY) {
  const signature = `v1,${sign(key, `m1.${time}.${BODY}`, "base64")}`;
  return {
    "webhook-id": "m1",
    "webhook-timestamp": time,
    "webhook-signature": signature,
  };
}

const PLAYCAMP = { "X-Webhook-Signature": sign("s1", BODY, "hex") };
const TIMESTAMPED = {
  "X-Webhook-Signature": `t=${TIME},v1=${sign("s1", `${TIME}.${BODY}`, "hex")}`,
};
const GENUINE = {
  standard: [signStandard(), STANDARD_SECRET],
  "standard, of a rotation": [
    {
      ...signStandard(),
      "webhook-signature": `v1,AAAA v2,x ${signStandard()["webhook-signature"]}`,
    },
    ["whsec_AAAA", STANDARD_SECRET],
  ],
  "headers of fetch": [new Headers(signStandard()), STANDARD_SECRET],
  "headers in capitals, as lists": [
    Object.fromEntries(
      Object.entries(signStandard()).map(([k, v]) => [k.toUpperCase(), [v]]),
    ),
    STANDARD_SECRET,
  ],
  playcamp: [PLAYCAMP, "s1"],
  "playcamp, of a rotation": [PLAYCAMP, ["s0", "s1"]],
  "playcamp with a time": [TIMESTAMPED, "s1"],
};
for (const [name, [headers, secrets]] of Object.entries(GENUINE)) {
  test(`genuine: ${name}`, async () => {
    for (const body of [BODY, new TextEncoder().encode(BODY), Buffer.from(BODY)]) {
      const message = await verifyWebhook(body, headers, secrets, { now: NOW });
      assert.deepEqual(message.events, [JSON.parse(BODY)]);
      assert.equal(message.id, name.startsWith("playcamp") ? null : "m1");
    }
    await assert.rejects(
      verifyWebhook(`${BODY} `, headers, secrets, { now: NOW }),
      InvalidSignature,
    );
    await assert.rejects(
      verifyWebhook(BODY, headers, "AAAA", { now: NOW }),
      InvalidSignature,
    );
  });
}

const FORGED = {
  "no header": {},
  "an empty signature": { ...signStandard(), "webhook-signature": "" },
  "a signature of another scheme": { ...signStandard(), "webhook-signature": "v2,AAAA" },
  "no Base64": { ...signStandard(), "webhook-signature": "v1,*" },
  "no time": { ...signStandard(), "webhook-timestamp": "" },
  "a time that is no number": signStandard("1e9"),
  "another message": { ...signStandard(), "webhook-id": "m2" },
  "too old": signStandard(String(1_800_000_000 - 301)),
  "from the future": signStandard(String(1_800_000_000 + 301)),
  "PlayCamp without a time": { "x-webhook-signature": "v1=00" },
  "PlayCamp, no hexadecimal digits": { "x-webhook-signature": "zz" },
};
for (const [name, headers] of Object.entries(FORGED)) {
  test(`forged: ${name}`, async () => {
    const secrets = [STANDARD_SECRET];
    await assert.rejects(
      verifyWebhook(BODY, headers, secrets, { now: NOW }),
      InvalidSignature,
    );
  });
}

test("an old request is accepted with a larger tolerance", async () => {
  const headers = signStandard(String(1_800_000_000 - 301));
  const options = { now: NOW, toleranceSeconds: 302 };
  assert.equal((await verifyWebhook(BODY, headers, STANDARD_SECRET, options)).id, "m1");
});

test("a batch of PlayCamp has several events", async () => {
  const body = '{"events":[{"id":1},{"id":2}]}';
  const headers = { "x-webhook-signature": sign("s1", body, "hex") };
  const { events } = await verifyWebhook(body, headers, "s1");
  assert.deepEqual(events, [{ id: 1 }, { id: 2 }]);
});

for (const secrets of [[], "", ["a", ""], "whsec_", "whsec_*"]) {
  test(`the secrets ${JSON.stringify(secrets)} are refused`, async () => {
    await assert.rejects(
      verifyWebhook(BODY, signStandard(), secrets),
      ConfigurationError,
    );
  });
}
