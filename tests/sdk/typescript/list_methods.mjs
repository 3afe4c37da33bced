/** Print what the SDK exports, its errors, and each method with its parameters and its request. */

import * as sdk from "../../../sdk/typescript/dist/index.js";
import { ADVICE } from "../../../sdk/typescript/dist/refusals.js";

const {
  ApiKey,
  Coupons,
  CouponsAdmin,
  Hmac,
  TenantToken,
} = sdk;

// What programs cannot call in TypeScript, or what sends nothing.
const INTERNAL = [
  "constructor",
  "describe",
  "pages",
  "read",
  "send",
  "setUp",
  "withOptions",
];
const SAMPLES = { campaignIds: ["c"], body: {}, event: {}, events: [], report: "top" };
const URL = "http://127.0.0.1";
let requests = [];
const fetch = async (url, { method }) => {
  requests.push({ method, path: url.slice(URL.length).split("?")[0] });
  return Response.json({ state: "completed" });
};
const clients = {
  admin: new CouponsAdmin(URL, new ApiKey("pk_1"), { tenantId: "acme", fetch }),
  "query, signed": new Coupons(URL, new Hmac("acme", "secret"), { fetch }),
  "query, with a token": new Coupons(URL, new TenantToken("token"), { fetch }),
};

function listMethods(object) {
  const kind = Object.getPrototypeOf(object);
  const base = Object.getPrototypeOf(kind);
  const isClient = object.withOptions !== undefined;
  return [
    ...Object.getOwnPropertyNames(kind),
    ...(isClient ? Object.getOwnPropertyNames(base) : []),
  ]
    .filter((name) => !INTERNAL.includes(name))
    .filter((name, index, names) => names.indexOf(name) === index);
}

function listParameters(method) {
  const [, list] = /^\w+\((.*?)\)\s*\{/s.exec(method.toString());
  return [...list.matchAll(/(?:^|,)\s*(\w+)/g)].map(([, name]) => name);
}

async function read(result) {
  const awaited = await result;
  if (awaited?.page) await awaited.page();
  if (awaited?.rows) for await (const _ of awaited);
}

const found = [];
for (const [client, object] of Object.entries(clients)) {
  const resources = Object.entries(object).filter(
    ([, value]) => value?.send !== undefined,
  );
  for (const [prefix, resource] of [["", object], ...resources]) {
    if (prefix === "own") continue; // the client has its methods
    for (const name of listMethods(resource)) {
      const parameters = listParameters(resource[name]);
      const values = parameters.map(
        (parameter) => SAMPLES[parameter] ?? `a-${parameter}`,
      );
      const given = values.filter(
        (_, index) => !/^(query|options)$/.test(parameters[index]),
      );
      requests = [];
      await read(resource[name](...given)).catch(() => {});
      found.push({
        client,
        name: prefix ? `${prefix}.${name}` : name,
        parameters,
        requests,
      });
    }
  }
}
const isError = (kind) => kind.prototype instanceof sdk.CouponsError;
const errors = Object.keys(sdk).filter((name) => isError(sdk[name]));
const exported = Object.keys(sdk);
const advised = [...ADVICE.keys()];
console.log(JSON.stringify({ advised, errors, exported, methods: found }));
