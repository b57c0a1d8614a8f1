// The conversation with the cloud: hello, welcome, batches, acks, nacks and gaps; written from docs/contract.md.
import { randomBytes } from "node:crypto";
import { digestAt, head } from "./journal.mjs";

const BATCH_BYTES_MAX = 64 * 1024;
const HEADER_BYTES = 400;
const IN_FLIGHT = 4;

export class Session {
  constructor(parts) {
    Object.assign(this, parts);
    this.room = BATCH_BYTES_MAX - HEADER_BYTES;
    this.places = new Map(); // epoch -> where sending stands in it
    this.isFlowing = false;
    this.wasWelcomed = false;
  }

  connected(state) {
    this.places.clear();
    this.hellos = this.timeouts = 0;
    this.publish("state", state);
    this.#greet();
  }

  // Returns whether the cloud welcomed us on the connection that is now gone.
  disconnected() {
    for (const timer of ["helloTimer", "ackTimer", "pauseTimer"]) this.#clear(timer);
    this.isFlowing = false;
    const was = this.wasWelcomed;
    this.wasWelcomed = false;
    return was;
  }

  appended() {
    this.#pump();
  }

  received(body) {
    const frame = JSON.parse(body.toString());
    const answer = { welcome: "_welcome", ack: "_ack", nack: "_nack", notice: "_notice", cmd: "obey" }[frame.k];
    if (answer) this[answer](frame);
    else this.tell("ignored", { why: frame.k });
    this.#pump();
  }

  // Hello and welcome

  #greet() {
    if (this.hellos === 3) return this.disconnect();
    this.isFlowing = false;
    this.nonce = randomBytes(8).toString("hex");
    this.greeted = this.#named();
    this.greetedAt = performance.now();
    const es = this.greeted.map((held) => ({ e: held.epoch, tl: held.tail, hd: head(held) }));
    this.publish("hello", JSON.stringify({ k: "hello", dv: this.device, nc: this.nonce, b: this.boot, es,
      r: this.rosterVersion(), fw: this.firmware, ...this.stamp() }));
    this.#after("helloTimer", this.times.welcomeMs * 2 ** this.hellos, () => this.#greet());
    this.hellos += 1;
  }

  #named() {
    const closed = this.journal.epochs.slice(0, -1).filter((held) => held.records.length && !this.#isDone(held));
    return [...closed.slice(0, 15), this.journal.live];
  }

  _welcome({ nc, es, t, r }) {
    if (nc !== this.nonce) return this.tell("ignored", { why: "nonce" });
    this.nonce = null;
    this.#clear("helloTimer");
    this.hellos = 0;
    this.isFlowing = this.wasWelcomed = true;
    this.learnTime(t + Math.floor((performance.now() - this.greetedAt) / 2));
    const marks = new Map(es.map((mark) => [mark.e, mark]));
    for (const held of this.greeted) this.#place(held, marks.get(held.epoch));
    this.tell("welcome", { marks: es });
    if (r > this.rosterVersion()) this.fetchRoster();
  }

  #place(held, mark) {
    if (!mark) return this.#setAside(held, "journal_damaged");
    const place = this.#newPlace(held, held.tail - 1);
    if (mark.u > head(held)) return this.#ahead(held);
    if (mark.u < held.tail - 1) return this.#sendTrimmed(held, place, mark.u);
    if (digestAt(held, mark.u)?.toString("hex") === mark.d) this.#commit(held, place, mark.u);
    else this.tell("ignored", { why: "digest" });
  }

  #newPlace(held, committed) {
    const place = { committed, sent: committed, flights: [], complaints: 0, regressions: 0, isStuck: false };
    this.places.set(held.epoch, place);
    return place;
  }

  #ahead(held) {
    if (held === this.journal.live) {
      this.beginEpoch(held);
      this.#setAside(held, "clone_suspected");
      return;
    }
    this.journal.trim(held, head(held));
    this.write("alarm", { w: "rollback", x: `epoch ${held.epoch}` });
  }

  #sendTrimmed(held, place, upto) {
    place.flights.push(held.tail - 1);
    this.#gap(held, upto + 1, held.tail - 1, held.base, "trimmed");
  }

  #gap(held, s, to, digest, w) {
    const gap = { k: "gap", dv: this.device, e: held.epoch, s, to, d: digest.toString("hex"), w, ...this.stamp() };
    this.publish("rec", JSON.stringify(gap));
    this.tell("gap", { epoch: held.epoch, s, to });
    this.#expectAck();
  }

  #setAside(held, why) {
    this.places.set(held.epoch, { ...this.places.get(held.epoch), isStuck: true });
    this.write("alarm", { w: why, x: `epoch ${held.epoch}` });
  }

  // Sending

  #isDone(held) {
    const place = this.places.get(held.epoch);
    return place !== undefined && (place.isStuck || place.committed >= head(held));
  }

  #pump() {
    if (!this.isFlowing || this.pauseTimer) return;
    const held = this.journal.epochs.find((found) => found.records.length && !this.#isDone(found));
    if (!held) return this.#clear("ackTimer");
    const isNew = held === this.journal.live && held.tail === 1 && !this.greeted.includes(held);
    const place = this.places.get(held.epoch) ?? (isNew ? this.#newPlace(held, 0) : null);
    if (!place) return this.#greet();
    const allowed = this.timeouts ? 1 : IN_FLIGHT;
    while (place.sent < head(held) && place.flights.length < allowed) this.#sendBatch(held, place);
  }

  #sendBatch(held, place) {
    const records = [];
    let room = this.room;
    for (let at = place.sent + 1 - held.tail; at < held.records.length && records.length < 4096; at += 1) {
      room -= Buffer.byteLength(held.records[at]) + 1;
      if (records.length && room < 0) break;
      records.push(held.records[at]);
    }
    const header = { k: "batch", dv: this.device, e: held.epoch, s: place.sent + 1, n: records.length,
      pd: digestAt(held, place.sent).toString("hex"), b: this.boot, ...this.stamp() };
    this.publish("rec", [JSON.stringify(header), ...records].join("\n"));
    place.sent += records.length;
    place.flights.push(place.sent);
    this.#expectAck();
  }

  #expectAck() {
    const wait = Math.min(60000, this.times.ackMs * 2 ** this.timeouts) * (1 + Math.random() / 4);
    this.#after("ackTimer", wait, () => this.#timedOut());
  }

  #timedOut() {
    this.timeouts += 1;
    if (this.timeouts === 4) return this.disconnect();
    this.#rewind();
    this.#pump();
  }

  #rewind() {
    for (const place of this.places.values()) Object.assign(place, { sent: place.committed, flights: [] });
  }

  // Acks and nacks

  _ack({ e, u, d }) {
    const held = this.journal.find(e);
    const place = this.places.get(e);
    if (!held || !place || u > head(held)) return this.tell("ignored", { why: "ack" });
    if (u <= place.committed) return;
    if (digestAt(held, u)?.toString("hex") !== d) return this.tell("ignored", { why: "digest" });
    this.#commit(held, place, u);
  }

  #commit(held, place, upto) {
    const isNews = upto > place.committed;
    Object.assign(place, { committed: upto, sent: Math.max(place.sent, upto), complaints: 0, regressions: 0 });
    place.flights = place.flights.filter((last) => last > upto);
    this.timeouts = 0;
    if (place.flights.length) this.#expectAck();
    else this.#clear("ackTimer");
    this.journal.trim(held, upto);
    if (isNews) this.tell("committed", { epoch: held.epoch, upto });
  }

  _nack({ c, ra, e, u, d }) {
    this.tell("nack", { code: c });
    const held = this.journal.find(e);
    const place = this.places.get(e);
    if (c === "out_of_order" && place && u !== undefined) this._outOfOrder(held, place, u, d, ra);
    else if (c === "too_large") {
      this.room = Math.max(1024 - HEADER_BYTES, Math.floor(this.room / 2));
      this.#pause(ra);
    } else if (c === "busy") this.#pause(ra);
    else if (c === "malformed" || c === "chain_broken") this.#complained(held, place, ra);
    else this.#refused(ra);
  }

  _outOfOrder(held, place, u, d, ra) {
    if (u < place.committed) {
      place.regressions += 1;
      return place.regressions >= 2 ? this.disconnect() : undefined;
    }
    this._ack({ e: held.epoch, u, d });
    Object.assign(place, { sent: place.committed, flights: [] });
    if (ra) this.#pause(ra);
  }

  #complained(held, place, ra) {
    if (place && ++place.complaints === 3) this.#setAside(held, "journal_damaged");
    this.#pause(Math.max(ra, 100));
  }

  #refused(ra) {
    this.isFlowing = false;
    this.hellos = 0;
    this.#clear("ackTimer");
    this.#after("helloTimer", Math.max(ra, this.times.refusedMs), () => this.#greet());
  }

  _notice({ w, r }) {
    if (w === "roster" && r > this.rosterVersion()) this.fetchRoster();
  }

  // Timers

  #pause(ms) {
    this.#clear("ackTimer");
    this.#after("pauseTimer", ms * (1 + Math.random() / 4), () => {
      this.pauseTimer = null;
      this.#rewind();
      this.#pump();
    });
  }

  #after(timer, ms, then) {
    this.#clear(timer);
    this[timer] = setTimeout(then, ms);
  }

  #clear(timer) {
    clearTimeout(this[timer]);
    this[timer] = null;
  }
}
