/** API keys, client keys and tenant secrets. */

import type { Pages } from "../pages.js";
import { AdminResource, type Query, type Schemas } from "./resource.js";

/**
 * API keys of the admin gateway.
 *
 * @example
 * const key = await admin.apiKeys.create({ name: freshName, scopes: ["read"] });
 * const reader = new CouponsAdmin(adminUrl, new ApiKey(key.api_key), { tenantId });
 * console.log((await reader.apiKeys.getOwn()).name === freshName); // true
 * console.log((await admin.apiKeys.get(key.key_id)).scopes); // [ 'read' ]
 * for await (const { name } of admin.apiKeys.list()) name;
 * console.log((await admin.apiKeys.revoke(key.key_id)).revoked_at !== null); // true
 * await admin.apiKeys.delete(keyId);
 */
export class ApiKeys extends AdminResource {
  /** Create an API key; its text is shown only here. */
  create(body: Schemas["CreateApiKey"]): Promise<Schemas["NewApiKey"]> {
    return this.send("post", "/api-keys", [], { body });
  }

  /** List the API keys. */
  list(query?: Query<"/api-keys">): Pages<Schemas["ApiKey"]> {
    return this.pages("/api-keys", [], "api_keys", query);
  }

  /** Return an API key, without its text. */
  get(keyId: string): Promise<Schemas["ApiKey"]> {
    return this.send("get", "/api-keys/{key_id}", [keyId]);
  }

  /** Return the API key of this client, with its tenant; it needs no scope. */
  getOwn(): Promise<Schemas["OwnApiKey"]> {
    const call = { method: "GET", path: "/v1/api-keys/self", ids: [] };
    return this.runner.run(call) as Promise<Schemas["OwnApiKey"]>;
  }

  /** Revoke an API key immediately. */
  revoke(keyId: string): Promise<Schemas["ApiKey"]> {
    return this.send("post", "/api-keys/{key_id}/revoke", [keyId]);
  }

  /** Revoke an API key. */
  delete(keyId: string): Promise<void> {
    return this.send("delete", "/api-keys/{key_id}", [keyId]);
  }
}

/**
 * Keys for PlayCamp's and Mambo's SDKs.
 *
 * @example
 * const key = await admin.clientKeys.create({ name: freshName, kind: "mambo" });
 * console.log((await admin.clientKeys.get(key.key_id)).kind); // mambo
 * for await (const { kind } of admin.clientKeys.list()) kind;
 * console.log((await admin.clientKeys.revoke(key.key_id)).revoked_at !== null); // true
 * await admin.clientKeys.delete(clientKeyId);
 */
export class ClientKeys extends AdminResource {
  /** Create a client key; its secret is shown only here. */
  create(body: Schemas["CreateClientKey"]): Promise<Schemas["NewClientKey"]> {
    return this.send("post", "/client-keys", [], { body });
  }

  /** List the client keys. */
  list(query?: Query<"/client-keys">): Pages<Schemas["ClientKey"]> {
    return this.pages("/client-keys", [], "client_keys", query);
  }

  /** Return a client key, without its secret. */
  get(clientKeyId: string): Promise<Schemas["ClientKey"]> {
    return this.send("get", "/client-keys/{client_key_id}", [clientKeyId]);
  }

  /** Revoke a client key immediately. */
  revoke(clientKeyId: string): Promise<Schemas["ClientKey"]> {
    return this.send("post", "/client-keys/{client_key_id}/revoke", [clientKeyId]);
  }

  /** Revoke a client key. */
  delete(clientKeyId: string): Promise<void> {
    return this.send("delete", "/client-keys/{client_key_id}", [clientKeyId]);
  }
}

/**
 * Tenant secrets, with which tokens and requests are signed.
 *
 * @example
 * const { tenant_secret: current } = await admin.secrets.rotate();
 * const server = new Coupons(queryUrl, new Hmac(tenantId, current));
 * console.log((await server.validate(code, userId)).valid); // true
 * const [, previous] = (await admin.secrets.list().page()).items;
 * await admin.secrets.delete(previous!.secret_id);
 */
export class Secrets extends AdminResource {
  /** List the one or two secrets that are valid, without their text. */
  list(): Pages<Schemas["TenantSecret"]> {
    return this.pages("/secrets", [], "secrets");
  }

  /** Create a secret; the previous one stays valid until the next rotation. */
  rotate(): Promise<Schemas["NewTenantSecret"]> {
    return this.send("post", "/secrets/rotate");
  }

  /** Make a secret invalid immediately. */
  delete(secretId: string): Promise<void> {
    return this.send("delete", "/secrets/{secret_id}", [secretId]);
  }
}
