/** Call the method of the SDK that each line of the input names; print "null" or an error. */

import { createInterface } from "node:readline";
import {
  ApiKey,
  Coupons,
  CouponsAdmin,
  Hmac,
  mintToken,
  TenantToken,
} from "../../../sdk/typescript/dist/index.js";

const { ADMIN_URL, QUERY_URL, TENANT_ID, TENANT_SECRET, API_KEY } = process.env;
const token = () => mintToken(TENANT_ID, TENANT_SECRET);
const clients = {
  admin: new CouponsAdmin(ADMIN_URL, new ApiKey(API_KEY), { tenantId: TENANT_ID }),
  "query, signed": new Coupons(QUERY_URL, new Hmac(TENANT_ID, TENANT_SECRET)),
  "query, with a token": new Coupons(QUERY_URL, new TenantToken(token)),
};
for await (const line of createInterface({ input: process.stdin })) {
  const { client, name, values } = JSON.parse(line);
  const path = name.split(".");
  const method = path.pop();
  const owner = path.reduce((object, part) => object[part], clients[client]);
  try {
    const result = await owner[method](...values);
    if (typeof result?.page === "function") await result.page();
    if (typeof result?.rows === "function") for await (const _ of result.rows());
    console.log("null");
  } catch (error) {
    const call = `${client}: ${name}(${JSON.stringify(values)})`;
    console.log(JSON.stringify(`${call}: ${error} ${error.code}`));
  }
}
