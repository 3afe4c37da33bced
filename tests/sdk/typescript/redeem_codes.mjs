/** Redeem the codes of the input one after the other; print the answers and the tries. */

import { text } from "node:stream/consumers";
import { Coupons, Hmac } from "../../../sdk/typescript/dist/index.js";

const { QUERY_URL, TENANT_ID, TENANT_SECRET } = process.env;
let lost = 0;
const coupons = new Coupons(QUERY_URL, new Hmac(TENANT_ID, TENANT_SECRET), {
  maxRetries: 5,
  timeoutSeconds: 30,
  log: ({ status }) => (lost += status === null ? 1 : 0),
});
const answers = [];
for (const code of JSON.parse(await text(process.stdin))) {
  const { redemption_count: count } = await coupons.redeem(code, "ann");
  answers.push([code, count]);
}
console.log(JSON.stringify({ answers, lost }));
