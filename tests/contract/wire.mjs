// Keys, seals, chain digests, tokens and signed requests, written from docs/contract.md.
import { createHash, createHmac, hkdfSync, timingSafeEqual } from "node:crypto";

const SEAL_DIGITS = 32;
const hmac = (key, ...parts) => parts.reduce((mac, part) => mac.update(part), createHmac("sha256", key)).digest();
const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest();

export const derive = (secret, label) =>
  Buffer.from(hkdfSync("sha256", secret, Buffer.alloc(0), `esik/v1/${label}`, 32));

export const seal = (key, body) =>
  Buffer.concat([Buffer.from(hmac(key, body).toString("hex").slice(0, SEAL_DIGITS) + "\n"), body]);

// Returns the body, or null for a message whose seal does not fit.
export function unseal(key, message) {
  if (message.length <= SEAL_DIGITS || message[SEAL_DIGITS] !== 0x0a) return null;
  const body = message.subarray(SEAL_DIGITS + 1);
  const wanted = Buffer.from(hmac(key, body).toString("hex").slice(0, SEAL_DIGITS));
  return timingSafeEqual(wanted, message.subarray(0, SEAL_DIGITS)) ? body : null;
}

export const genesis = (device, epoch) => sha256(`esik/v1/epoch\n${device}\n${epoch}`).subarray(0, 16);
export const link = (previous, record) => sha256(previous, record).subarray(0, 16);

export const token = (cardKey, letter, credential) => hmac(cardKey, letter, credential).toString("hex").slice(0, 24);

// What a UID's token is made of: nothing for one that was drawn by lot.
export const identity = (uid) => (uid.length === 4 && uid[0] === 0x08 ? Buffer.alloc(0) : uid);

export const topic = (bundle, channel) =>
  `esik/v1/${String(bundle.shard).padStart(2, "0")}/${bundle.school}/${bundle.device}/${channel}`;

export function signedHeaders(httpKey, device, method, target, nonce, timeMs, body = "") {
  const lines = [method, target, nonce, String(timeMs), sha256(body).toString("hex")];
  return {
    "Esik-Device": device,
    "Esik-Nonce": nonce,
    "Esik-Time": String(timeMs),
    "Esik-Signature": hmac(httpKey, lines.join("\n")).toString("hex"),
  };
}

// The signature that an answer of the cloud must carry; `nonce` is our request's.
export const answerSignature = (httpKey, status, nonce, timeMs, body) =>
  hmac(httpKey, ["answer", status, nonce, timeMs, sha256(body).toString("hex")].join("\n")).toString("hex");
