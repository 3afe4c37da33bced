/** Redeem through the SDK and with bare fetch, in turns; print the client's CPU time. */

import { Coupons, Hmac } from "../../../sdk/typescript/dist/index.js";

const { QUERY_URL, TENANT_ID, TENANT_SECRET, CODE, TURNS } = process.env;
const CALLS_PER_TURN = 500;
const coupons = new Coupons(QUERY_URL, new Hmac(TENANT_ID, TENANT_SECRET));
const encoder = new TextEncoder();
const algorithm = { name: "HMAC", hash: "SHA-256" };
const secret = encoder.encode(TENANT_SECRET);
const key = await crypto.subtle.importKey("raw", secret, algorithm, false, ["sign"]);

/** A redeem as an integrator writes it by hand. */
async function redeemByHand() {
  const path = `/v1/coupons/${TENANT_ID}/redeem/${CODE}`;
  const body = JSON.stringify({ user_id: "ann" });
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signed = encoder.encode(`POST\n${path}\n${timestamp}\n${body}`);
  const signature = Buffer.from(await crypto.subtle.sign("HMAC", key, signed));
  const response = await fetch(QUERY_URL + path, {
    method: "POST",
    body,
    headers: {
      "Content-Type": "application/json",
      "Idempotency-Key": crypto.randomUUID(),
      "X-Tenant-Id": TENANT_ID,
      "X-Timestamp": timestamp,
      "X-Signature": `hmac-sha256=${signature.toString("hex")}`,
    },
    signal: process.env.WITH_TIMEOUT ? AbortSignal.timeout(10_000) : null,
  });
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response.json();
}

/** Return the microseconds of CPU per call. */
async function measure(redeem, calls = CALLS_PER_TURN) {
  const before = process.cpuUsage();
  for (let call = 0; call < calls; call += 1) await redeem();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}

function median(values) {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

const redeemThroughSdk = () => coupons.redeem(CODE, "ann");
await measure(redeemByHand, 500);
await measure(redeemThroughSdk, 500);
const pairs = [];
for (let turn = 0; turn < Number(TURNS); turn += 1) {
  pairs.push([await measure(redeemByHand), await measure(redeemThroughSdk)]);
}
const ratio = median(pairs.map(([bare, sdk]) => sdk / bare));
console.log(`${TURNS * CALLS_PER_TURN} redeems each`);
console.log(`fetch ${median(pairs.map(([bare]) => bare)).toFixed()} µs of CPU per call`);
console.log(`SDK   ${median(pairs.map(([, sdk]) => sdk)).toFixed()} µs of CPU per call`);
console.log(`overhead ${((ratio - 1) * 100).toFixed(1)} %`);
