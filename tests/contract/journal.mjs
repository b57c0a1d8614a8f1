// A journal in plain files: one file of lines for each epoch, synced before anything is told; from docs/contract.md.
import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { join } from "node:path";
import { genesis, link } from "./wire.mjs";

const RECORD_BYTES_MAX = 200;

export class Journal {
  constructor(folder, device) {
    fs.mkdirSync(folder, { recursive: true });
    this.folder = folder;
    this.device = device;
    const files = fs.readdirSync(folder).filter((name) => name.endsWith(".log"));
    this.epochs = files.sort().map((name) => this.#load(name));
    this.previous = this.epochs.at(-1);
    this.begin();
  }

  get live() {
    return this.epochs.at(-1);
  }

  // Begins a new epoch; what was live is closed. Its first record, `open`, is the caller's to write.
  begin() {
    const number = this.epochs.length ? Number(this.live.file.slice(0, 6)) + 1 : 1;
    const epoch = randomBytes(8).toString("hex");
    const file = `${String(number).padStart(6, "0")}-${epoch}.log`;
    const base = genesis(this.device, epoch);
    this.epochs.push({ file, epoch, tail: 1, base, records: [], digests: [] });
    this.#reopen();
  }

  #reopen() {
    if (this.handle !== undefined) fs.closeSync(this.handle);
    this.handle = fs.openSync(join(this.folder, this.live.file), "a");
  }

  // A file holds lines "<seq> <record>"; the first, "base <seq> <digest>", is there once records were forgotten.
  #load(file) {
    const epoch = file.slice(7, 23);
    const found = { file, epoch, tail: 1, base: genesis(this.device, epoch), records: [], digests: [] };
    const text = fs.readFileSync(join(this.folder, file));
    for (const line of text.subarray(0, text.lastIndexOf(0x0a) + 1).toString().split("\n").slice(0, -1)) {
      const [word, rest] = [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)];
      if (word === "base") {
        const [seq, digest] = rest.split(" ");
        Object.assign(found, { tail: Number(seq) + 1, base: Buffer.from(digest, "hex") });
      } else push(found, rest);
    }
    return found;
  }

  // Writes a record, durable when this returns; returns its number.
  append(record) {
    const line = JSON.stringify(record);
    if (Buffer.byteLength(line) > RECORD_BYTES_MAX) throw new Error(`a record has at most ${RECORD_BYTES_MAX} bytes`);
    fs.writeSync(this.handle, `${head(this.live) + 1} ${line}\n`);
    fs.fdatasyncSync(this.handle);
    return push(this.live, line);
  }

  find(epoch) {
    return this.epochs.find((found) => found.epoch === epoch);
  }

  // Forgets records up to `upto`; a closed epoch of which nothing is left goes altogether.
  trim(held, upto) {
    const count = upto - held.tail + 1;
    if (count > 0) {
      held.base = held.digests[count - 1];
      held.tail = upto + 1;
      held.records.splice(0, count);
      held.digests.splice(0, count);
    }
    if (count > 0) this.#rewrite(held);
    this.dropEmpty();
  }

  // Forgets closed epochs of which nothing is left; the one before the live one is kept until `open` has named it.
  dropEmpty() {
    for (const held of this.epochs.slice(0, -1).filter((found) => !found.records.length)) {
      this.epochs.splice(this.epochs.indexOf(held), 1);
      fs.rmSync(join(this.folder, held.file));
    }
  }

  #rewrite(held) {
    const path = join(this.folder, held.file);
    const lines = held.records.map((record, at) => `${held.tail + at} ${record}\n`);
    const text = `base ${held.tail - 1} ${held.base.toString("hex")}\n` + lines.join("");
    fs.writeFileSync(`${path}.new`, text, { flush: true });
    fs.renameSync(`${path}.new`, path);
    if (held === this.live) this.#reopen();
  }
}

export const head = (held) => held.tail - 1 + held.records.length;

// The chain digest after record `seq`, or null if it is not known here (any more).
export function digestAt(held, seq) {
  if (seq === held.tail - 1) return held.base;
  return held.digests[seq - held.tail] ?? null;
}

function push(held, line) {
  held.digests.push(link(held.digests.at(-1) ?? held.base, Buffer.from(line)));
  held.records.push(line);
  return head(held);
}
