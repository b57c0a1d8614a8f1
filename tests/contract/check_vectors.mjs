// Tries this device's own code on the published vectors; prints how much was checked.
// Usage: node check_vectors.mjs <vector folder>
import assert from "node:assert/strict";
import { createDecipheriv, createHash, createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Refused, ed25519, open } from "./roster.mjs";
import { answerSignature, derive, genesis, link, seal, signedHeaders, token, topic, unseal } from "./wire.mjs";

const read = (name) => JSON.parse(readFileSync(join(process.argv[2], `${name}.json`), "utf8"));
const hex = (text) => Buffer.from(text, "hex");
let checked = 0;
const same = (found, wanted) => {
  assert.deepEqual(found, wanted);
  checked += 1;
};

const seals = read("seals");
for (const [label, key] of Object.entries(seals.keys)) same(derive(hex(seals.secret), label).toString("hex"), key);
const key = hex(seals.keys[seals.sealed.key]);
same(seal(key, Buffer.from(seals.sealed.body)).toString("hex"), seals.sealed.hex);
same(unseal(key, hex(seals.sealed.hex)).toString(), seals.sealed.body);
for (const broken of seals.broken) same(unseal(key, hex(broken.hex)), null);
for (const card of seals.card_tokens) same(token(hex(card.card_key), card.medium, hex(card.credential)), card.token);
const { method, target, headers } = seals.request;
const [nonce, time] = [headers["Esik-Nonce"], headers["Esik-Time"]];
same(signedHeaders(hex(seals.keys.http), headers["Esik-Device"], method, target, nonce, time), headers);
const { answer, post } = seals.request;
same(signedHeaders(hex(seals.keys.http), "", "POST", target, nonce, time, post.body)["Esik-Signature"], post.signature);
const answered = answerSignature(hex(seals.keys.http), answer.status, nonce, answer.headers["Esik-Time"], answer.body);
same(answered, answer.headers["Esik-Signature"]);

const enrolments = read("enrolments");
const [word, address, pin, school, gates, device, secret] = enrolments.code.split(";");
same([word, address, pin, school, device], ["ESIK1", ...["address", "pin", "school", "device"].map((each) => enrolments.parts[each])]);
same(gates.split(",").map(decodeURIComponent), enrolments.parts.gates);
same(createHash("sha256").update(hex(enrolments.root_der)).digest("hex").slice(0, 32), pin);
same(derive(hex(secret), "enrol-invitation").toString("hex").slice(0, 16), enrolments.invitation);
for (const [label, made] of Object.entries(enrolments.keys)) same(derive(hex(secret), label).toString("hex"), made);
const asking = hex(enrolments.keys["enrol-request"]);
const { request: asked, answer: sealed } = enrolments;
const [askedNonce, askedTime] = [asked.headers["Esik-Nonce"], asked.headers["Esik-Time"]];
same(signedHeaders(asking, enrolments.invitation, "POST", asked.target, askedNonce, askedTime, asked.body), asked.headers);
const sealedBody = hex(sealed.body);
same(answerSignature(asking, 200, askedNonce, sealed.headers["Esik-Time"], sealedBody), sealed.headers["Esik-Signature"]);
const opening = createDecipheriv("aes-256-gcm", hex(enrolments.keys["enrol-answer"]), sealedBody.subarray(0, 12));
opening.setAAD(Buffer.from(asked.headers["Esik-Signature"])).setAuthTag(sealedBody.subarray(-16));
same(Buffer.concat([opening.update(sealedBody.subarray(12, -16)), opening.final()]).toString(), sealed.bundle);

const batches = read("batches");
let digest = genesis(batches.device, batches.epoch);
same(digest.toString("hex"), batches.genesis);
batches.records.forEach((record, at) => {
  digest = link(digest, Buffer.from(record));
  same(digest.toString("hex"), batches.digests[at]);
});
for (const [channel, text] of Object.entries(batches.topics)) same(topic(batches, channel), text);

const rosters = read("rosters");
const bySchool = ed25519(rosters.public_key);
const byDevice = (signature, message) => createHmac("sha256", hex(rosters.http_key)).update(message).digest().equals(signature);
const snapshot = open(Buffer.from(rosters.snapshot), bySchool, rosters.school, null, rosters.now_ms);
same(snapshot.rows, rosters.rows);
same(open(Buffer.from(rosters.snapshot_hmac), byDevice, rosters.school, null, rosters.now_ms).rows, rosters.rows);
same(open(Buffer.from(rosters.delta), bySchool, rosters.school, snapshot, rosters.now_ms).rows, rosters.rows_after_delta);
same(open(Buffer.from(rosters.canteen), bySchool, rosters.school, null, rosters.now_ms, "canteen").rows, rosters.canteen_rows);
same(open(Buffer.from(rosters.desk), bySchool, rosters.school, null, rosters.now_ms, "desk").rows, rosters.desk_rows);
for (const { reason, file } of rosters.refused)
  assert.throws(
    () => open(Buffer.from(file), byDevice, rosters.school, snapshot, rosters.now_ms),
    (error) => error instanceof Refused && ((checked += 1), error.reason === reason),
  );
console.log(checked);
