// Prints how many bytes the modules of a stand-alone gate take where words have 32 bits, as on a board.
// Usage: node node_words.mjs <folder of the compiled program> <module>...
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { loadMicroPython } from "@micropython/micropython-webassembly-pyscript";

const [folder, ...modules] = process.argv.slice(2);
const vm = await loadMicroPython({ heapsize: 1024 * 1024, stdout: (line) => console.log(line) });
function put(from, to) {
  vm.FS.mkdir(to);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const path = join(from, entry.name);
    if (entry.isDirectory()) put(path, `${to}/${entry.name}`);
    else vm.FS.writeFile(`${to}/${entry.name}`, readFileSync(path));
  }
}
function run(program) {
  vm.runPython(program);
  vm.runPython("gc.collect()"); // this port collects when a program has returned
}
put(folder, "/program");
run(`
import asyncio, binascii, gc, hashlib, json, os, random, struct, sys, time
sys.path.insert(0, "/program")

class Hardware:
    def __getattr__(self, name):
        return Hardware()

for name in ("machine", "network", "socket"):  # which this port has not
    sys.modules[name] = Hardware()
assert struct.calcsize("P") == 4
`);
vm.runPython("before = gc.mem_alloc()");
run(`
for name in ${JSON.stringify(modules)}:
    __import__(name)
`);
vm.runPython("print(gc.mem_alloc() - before)");
