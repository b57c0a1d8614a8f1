// A reader head written from docs/head.md alone: one card is shown, one contact closes, one relay is switched.
// Usage: node head.mjs <serial line>; prints a line for everything it was told to do, and ends after the answer.
import { closeSync, openSync, read, writeSync } from "node:fs";
import { crc32 } from "node:zlib";

const UID = Buffer.from("04a1b2c3d4e5f6", "hex");
const line = openSync(process.argv[2], "r+");
const done = new Set();
let isWelcome = false;
let isAnswered = false;
let isHeard = false;

// Frames: 00 COBS(body CRC-32) 00

function stuff(plain) {
  const out = [];
  let run = [];
  const flush = () => {
    out.push(run.length + 1, ...run);
    run = [];
  };
  for (const byte of plain) {
    if (byte === 0) {
      flush();
      continue;
    }
    run.push(byte);
    if (run.length === 254) flush();
  }
  flush();
  return Buffer.from(out);
}

function unstuff(stuffed) {
  const out = [];
  for (let at = 0; at < stuffed.length; ) {
    const step = stuffed[at];
    if (step === 0 || at + step > stuffed.length) return null;
    out.push(...stuffed.subarray(at + 1, at + step));
    at += step;
    if (step < 255 && at < stuffed.length) out.push(0);
  }
  return Buffer.from(out);
}

function say(...parts) {
  const body = Buffer.concat(parts.map((part) => (typeof part === "number" ? Buffer.from([part]) : part)));
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(crc32(body));
  writeSync(line, Buffer.concat([Buffer.from([0]), stuff(Buffer.concat([body, sum])), Buffer.from([0])]));
}

const u32 = (value) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const text = (words) => Buffer.concat([Buffer.from([Buffer.byteLength(words)]), Buffer.from(words)]);

// What a head says

const hello = () => say(0x01, 1, u32(1), 1 | 2, text("stranger-1"), text("javascript"), text("0.0.1"));
const heartbeat = () => say(0x02, u32(1), u32(1), u32(0), u32(0), u32(0), 1, isHeard ? 1 : 0);
const tap = () => say(0x03, u32(1), 0, UID);
const inputs = () => say(0x05, u32(1), 1);

// What it does when it is told something

function take(body) {
  switch (body[0]) {
    case 0x81:
      hello();
      break;
    case 0x82:
      if (body[2] !== 0) return end(`refused by version ${body[1]}`);
      if (isWelcome) break;
      isWelcome = true;
      console.log(`welcome alone=${body[3]} answer_ms=${body.readUInt16LE(4)} silence_ms=${body.readUInt16LE(6)}`);
      heartbeat();
      tap();
      break;
    case 0x83:
      if (isAnswered) break;
      isAnswered = true;
      console.log(`answer tap=${body.readUInt32LE(1)} outcome=${body[5]} light=${body[6]} sound=${body[7]}`);
      inputs();
      break;
    case 0x84:
      apdu(body.readUInt32LE(1), body[5], body.subarray(6));
      break;
    case 0x85:
      output(body.readUInt32LE(1), body[5], body[6], body.readUInt16LE(7));
      break;
    case 0x86:
      isHeard = true;
      end("heard");
  }
}

function apdu(number, count, command) {
  if (command.length) console.log(`apdu ${command.toString("hex")}`);
  const answer = command.length ? Buffer.concat([Buffer.from(command).reverse(), Buffer.from([0x90, 0])]) : UID;
  say(0x06, u32(number), count, 0, answer);
}

function output(number, which, isOn, ttl) {
  if (!done.has(number)) console.log(`output ${which} on=${isOn} ttl=${ttl}`);
  done.add(number);
  say(0x07, u32(number));
}

function end(word) {
  console.log(word);
  process.exit(0);
}

// The line

let unread = Buffer.alloc(0);

function listen() {
  const chunk = Buffer.alloc(256);
  read(line, chunk, 0, chunk.length, null, (error, count) => {
    if (error || count === 0) return end(`lost: ${error}`);
    unread = Buffer.concat([unread, chunk.subarray(0, count)]);
    for (let at = unread.indexOf(0); at >= 0; at = unread.indexOf(0)) {
      const plain = at > 0 ? unstuff(unread.subarray(0, at)) : null;
      unread = unread.subarray(at + 1);
      if (plain === null || plain.length < 5) continue;
      const body = plain.subarray(0, -4);
      if (plain.readUInt32LE(body.length) === crc32(body)) take(body);
    }
    listen();
  });
}

setInterval(() => (isWelcome ? heartbeat() : hello()), 1000);
setTimeout(() => {
  closeSync(line);
  end("nobody came");
}, 20_000);
hello();
listen();
