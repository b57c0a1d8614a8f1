// Replays what was given to the PN532 core on the real MicroPython VM; prints what it did.
// Usage: node micropython.mjs <pn532.py> <core_replay.py> <transcript.json>
import { readFileSync } from "node:fs";
import { loadMicroPython } from "@micropython/micropython-webassembly-pyscript";

const [core, replay, transcript] = process.argv.slice(2);
const lines = [];
const vm = await loadMicroPython({ heapsize: 1024 * 1024, stdout: (line) => lines.push(line) });
vm.FS.mkdir("/lib");
vm.FS.writeFile("/lib/pn532.py", readFileSync(core));
vm.FS.writeFile("/lib/core_replay.py", readFileSync(replay));
vm.FS.writeFile("/transcript.json", readFileSync(transcript));
try {
  vm.runPython(`
import sys
sys.path.append("/lib")
import core_replay, pn532
core_replay.main(pn532, open("/transcript.json").read())
`);
} catch (error) {
  lines.push(error.message);
  process.exitCode = 1;
}
console.log(lines.join("\n"));
