/** Where the SDK runs. */

import { ConfigurationError } from "./errors.js";
import { VERSION } from "./version.js";

interface Platform {
  document?: unknown;
  importScripts?: unknown;
  navigator?: { product?: string };
}

/** Return true in a page, in a worker of one, and in an app on a player's device. */
export function isPlayersDevice(): boolean {
  const platform = globalThis as Platform;
  return (
    platform.document !== undefined ||
    typeof platform.importScripts === "function" ||
    platform.navigator?.product === "ReactNative"
  );
}

/** Throw where everybody could read a secret. */
export function refuseOnPlayersDevice(name: string): void {
  if (isPlayersDevice()) {
    throw new ConfigurationError(
      `${name} cannot be used in a browser or an app: every player could read its ` +
        "secret there, and act for all users. Mint a token for one user on your " +
        "server with mintToken, and use it here as TenantToken.",
    );
  }
}

/** The headers that name this SDK; in a browser they would be refused by CORS. */
export const USER_AGENT: Readonly<Record<string, string>> = isPlayersDevice()
  ? {}
  : { "User-Agent": `coupons-sdk-typescript/${VERSION}` };
