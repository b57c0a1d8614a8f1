// A gate for Esik in JavaScript, written from docs/contract.md alone; it shares no code with the project.
// Usage: node device.mjs <bundle.json> <journal folder> [<JSON of other times, for tests>]
// Reads commands from stdin, one JSON a line, and prints what happens to stdout, one JSON a line.
import { createHmac, randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import mqtt from "mqtt";
import { decide } from "./gate.mjs";
import { Journal, digestAt, head } from "./journal.mjs";
import { Refused, ed25519, open as openRoster } from "./roster.mjs";
import { Session } from "./session.mjs";
import { derive, identity, seal, signedHeaders, token, topic, unseal } from "./wire.mjs";

const [bundleFile, folder, options] = process.argv.slice(2);
const bundle = JSON.parse(readFileSync(bundleFile, "utf8"));
const times = { welcomeMs: 3000, ackMs: 5000, reconnectMs: 500, refusedMs: 60000, ...JSON.parse(options ?? "{}") };
const secret = Buffer.from(bundle.secret, "hex");
const [uplink, downlink, http] = ["uplink", "downlink", "http"].map((label) => derive(secret, label));
const random64 = () => randomBytes(8).toString("hex");
const boot = random64();
const firmware = "stranger-1";
const startedAt = performance.now();
const clock = { offsetMs: 0, quality: "rtc" };
const journal = new Journal(folder, bundle.device);
let roster = null;
let client = null;
let attempt = 0;
let isStopping = false;

const tell = (event, more = {}) => console.log(JSON.stringify({ event, ...more }));
const stamp = () => ({
  m: Math.floor(performance.now() - startedAt),
  t: Date.now() + clock.offsetMs,
  q: clock.quality,
});
const session = new Session({
  journal, times, stamp, boot, firmware, tell, write, beginEpoch, fetchRoster, obey,
  device: bundle.device,
  publish: (channel, body) => client?.publish(topic(bundle, channel), seal(uplink, Buffer.from(body)), { qos: 1 }),
  disconnect: () => client?.end(true),
  learnTime: (wallMs) => Object.assign(clock, { offsetMs: wallMs - Date.now(), quality: "ntp" }),
  rosterVersion: () => roster?.version ?? 0,
});

writeOpen(journal.previous);
journal.dropEmpty();
connect();

// The journal

function write(kind, members) {
  const seq = journal.append({ k: kind, ...stamp(), ...members });
  tell("record", { epoch: journal.live.epoch, seq, line: journal.live.records.at(-1) });
  session.appended();
}

function writeOpen(before) {
  const named = before
    ? { pe: before.epoch, ph: head(before), pd: digestAt(before, head(before)).toString("hex"), w: "start" }
    : { w: "created" };
  write("open", { b: boot, ...named, fw: firmware });
}

function beginEpoch(before) {
  journal.begin();
  writeOpen(before);
}

// The connection

function connect() {
  const places = [bundle.hub, bundle.cloud].filter((place) => place !== null);
  const place = places[attempt % places.length];
  const state = (on) => JSON.stringify({ k: "state", b: boot, on });
  const will = { topic: topic(bundle, "state"), payload: seal(uplink, Buffer.from(state(false))), qos: 0, retain: false };
  const tls = { ca: bundle.ca_pem, cert: bundle.certificate_pem, key: bundle.key_pem, minVersion: "TLSv1.2" };
  if (place === bundle.hub) tls.checkServerIdentity = (_host, { subject }) => wrongName(subject.CN, place.device);
  client = mqtt.connect({
    protocol: place.mqtt_tls ? "mqtts" : "mqtt", host: place.mqtt_host, port: place.mqtt_port,
    ...(place.mqtt_tls ? tls : {}),
    protocolVersion: 4, clean: true, clientId: bundle.device, keepalive: 30, will,
    reconnectPeriod: 0, connectTimeout: 5000,
  });
  client.on("connect", () => subscribe(client, state(true)));
  client.on("message", (_topic, payload) => heard(payload));
  client.on("error", (error) => tell("trouble", { text: error.message }));
  client.on("close", closed);
}

const wrongName = (shown, wanted) =>
  shown === wanted ? undefined : new Error(`its certificate is ${shown}'s, and ${wanted}'s was expected`);

async function subscribe(connection, state) {
  try {
    await connection.subscribeAsync(["ack", "notice", "cmd"].map((channel) => topic(bundle, channel)), { qos: 1 });
    session.connected(state);
  } catch (error) {
    tell("trouble", { text: error.message });
    connection.end(true);
  }
}

function heard(payload) {
  const body = unseal(downlink, payload);
  if (body === null) tell("ignored", { why: "seal" });
  else session.received(body);
}

function closed() {
  client = null;
  attempt = session.disconnected() ? 0 : attempt + 1;
  if (!isStopping) setTimeout(connect, Math.random() * Math.min(30000, times.reconnectMs * 2 ** attempt));
}

// What the cloud wants

function obey({ id, ct, ex, do: action, g }) {
  const file = join(folder, "counter");
  const last = existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
  if (ct <= last || stamp().t > ex) return tell("ignored", { why: "cmd" });
  writeFileSync(file, String(ct), { flush: true });
  tell("command", { action, gate: g });
  write("command", { id, do: action, w: "done" });
}

async function fetchRoster() {
  for (const base of new Set([roster?.version ?? 0, 0])) {
    const target = `/device/v1/roster?base=${base}`;
    const headers = signedHeaders(http, bundle.device, "GET", target, random64(), stamp().t);
    try {
      const answer = await fetch(bundle.cloud.http_url + target, { headers });
      if (!answer.ok) return tell("trouble", { text: `roster: HTTP ${answer.status}` });
      return takeRoster(Buffer.from(await answer.arrayBuffer()));
    } catch (error) {
      if (!(error instanceof Refused)) return tell("trouble", { text: `roster: ${error.message}` });
      write("alarm", { w: "roster_refused", x: error.reason });
    }
  }
}

function takeRoster(file) {
  const bySchool = ed25519(bundle.roster_public_key);
  const byDevice = (signature, message) => createHmac("sha256", http).update(message).digest().equals(signature);
  const isSigned = (signature, message) => (signature.length === 32 ? byDevice : bySchool)(signature, message);
  roster = openRoster(file, isSigned, bundle.school, roster, stamp().t);
  tell("roster", { version: roster.version, rows: roster.rows.length });
}

// What a person does at the gate

function tap({ uid, gate, direction }) {
  const card = token(Buffer.from(bundle.card_key, "hex"), "u", identity(Buffer.from(uid, "hex")));
  const { isAllowed, reason, person } = decide({ card, gate, direction, now: stamp() }, roster);
  const outcome = isAllowed ? "allowed" : "denied";
  const who = person ? { p: person } : { c: card };
  write("decision", { g: gate, d: direction, o: outcome, w: reason, r: roster?.version ?? 0, ...who });
  tell("decided", { reason });
}

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const command = JSON.parse(line);
    if (command.do === "tap") tap(command);
  })
  .on("close", () => {
    isStopping = true;
    if (client === null) process.exit(0);
    client.end(false, () => process.exit(0));
  });
