/** Text, Base64 and HMAC, as all JavaScript platforms have them. */

type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();
const ALGORITHM = { name: "HMAC", hash: "SHA-256" };

/** Return the UTF-8 bytes of a text. */
export function encodeText(text: string): Bytes {
  return encoder.encode(text);
}

/** Return a key of HMAC-SHA-256. */
export function importKey(secret: Bytes): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", secret, ALGORITHM, false, ["sign", "verify"]);
}

/** Return the HMAC of some bytes. */
export async function sign(key: CryptoKey, data: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, data));
}

/** Return True if a signature is that of the data, in constant time. */
export function isSignedBy(
  key: CryptoKey,
  signature: Bytes,
  data: Bytes,
): Promise<boolean> {
  return crypto.subtle.verify("HMAC", key, signature, data);
}

/** Return bytes one after the other. */
export function concatenate(...parts: Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Return bytes as hexadecimal digits. */
export function toHex(data: Uint8Array): string {
  let text = "";
  for (const byte of data) text += HEX[byte];
  return text;
}

/** Return the bytes of hexadecimal digits; none if they are not. */
export function fromHex(text: string): Bytes {
  if (!/^(?:[0-9a-f]{2})*$/i.test(text)) return new Uint8Array();
  return Uint8Array.from(text.match(/../g) ?? [], (digits) => parseInt(digits, 16));
}

/** Return the bytes of Base64; undefined if it is not. */
export function fromBase64(text: string): Bytes | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

/** Return a text as Base64 for URLs, without padding (RFC 4648, section 5). */
export function toBase64Url(data: Uint8Array): string {
  const text = btoa(String.fromCharCode(...data));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
