/** Verify the signed requests of the input; print the events of each. */

import { text } from "node:stream/consumers";
import { verifyWebhook } from "../../../sdk/typescript/dist/index.js";

for (const { body, headers, secret, now } of JSON.parse(await text(process.stdin))) {
  const { events } = await verifyWebhook(body, headers, secret, { now: new Date(now) });
  console.log(events.length);
}
