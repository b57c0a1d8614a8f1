// A roster file: believed or refused, and the rows it yields; written from docs/contract.md.
import { createHash, createPublicKey, verify } from "node:crypto";

export class Refused extends Error {
  constructor(reason) {
    super(`roster refused: ${reason}`);
    this.reason = reason;
  }
}

// A raw Ed25519 key with the 12 bytes that make it an SPKI structure (RFC 8410).
export function ed25519(publicKeyHex) {
  const der = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), Buffer.from(publicKeyHex, "hex")]);
  const key = createPublicKey({ key: der, format: "der", type: "spki" });
  return (signature, message) => verify(null, message, key, signature);
}

// Returns { version, notAfterMs, rows } of a file over what is held ({ version, rows } or null); throws Refused.
// `kind` is "canteen" or "desk" for those rosters; the doors' has none.
export function open(file, isSigned, school, held, nowMs, kind) {
  const end = file.indexOf(0x0a);
  if (end < 0) throw new Refused("truncated");
  const header = parsed(file.subarray(0, end).toString());
  const body = file.subarray(end + 1);
  if (body.length !== header.length) throw new Refused("truncated");
  const { signature, ...rest } = header;
  if (typeof signature !== "string" || !isSigned(Buffer.from(signature, "hex"), Buffer.from(compact(rest))))
    throw new Refused("signature");
  if (header.school !== school) throw new Refused("school");
  if (header.kind !== kind) throw new Refused("kind");
  if (held && header.version < held.version) throw new Refused("version");
  if (nowMs && header.not_after_ms < nowMs) throw new Refused("expired");
  const rows = rowsOf(header, body, held);
  const digest = createHash("sha256").update(rows.map((row) => row + "\n").join("")).digest("hex");
  if (digest !== header.digest) throw new Refused("digest");
  if (!kind) refuseIfEmpty(rows);
  return { version: header.version, notAfterMs: header.not_after_ms, rows };
}

const compact = (object) =>
  `{${Object.keys(object).sort().map((name) => `${JSON.stringify(name)}:${JSON.stringify(object[name])}`).join(",")}}`;

function parsed(line) {
  try {
    const header = JSON.parse(line);
    if (header !== null && typeof header === "object" && Number.isInteger(header.version)) return header;
  } catch {}
  throw new Refused("malformed");
}

const keyOf = (row) => JSON.stringify(JSON.parse(row).slice(0, 2));
const byBytes = (one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other));

function rowsOf(header, body, held) {
  const lines = body.toString().split("\n").slice(0, -1);
  if (!header.base) return lines;
  if (!held || header.base !== held.version) throw new Refused("base");
  const rows = new Map(held.rows.map((row) => [keyOf(row), row]));
  for (const line of lines) {
    if (line.startsWith('["+",')) {
      const row = line.slice(5, -1);
      rows.set(keyOf(row), row);
    } else {
      rows.delete(JSON.stringify(JSON.parse(line).slice(1, 3)));
    }
  }
  return [...rows.values()].sort(byBytes);
}

function refuseIfEmpty(rows) {
  const kinds = rows.map((row) => JSON.parse(row));
  const policies = kinds.filter(([kind]) => kind === "policy");
  if (policies.length !== 1) throw new Refused("malformed");
  if (!kinds.some(([kind]) => kind === "card") && policies[0][2].empty !== true) throw new Refused("empty");
}
