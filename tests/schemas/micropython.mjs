// Runs the files a device carries, with the vectors, on the real MicroPython VM (its WebAssembly port).
// Usage: node micropython.mjs <project folder> <vector folder>
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { loadMicroPython } from "@micropython/micropython-webassembly-pyscript";

const [root, vectors] = process.argv.slice(2);
const lines = [];
const vm = await loadMicroPython({ heapsize: 4 * 1024 * 1024, stdout: (line) => lines.push(line) });
vm.FS.mkdir("/lib");
vm.FS.mkdir("/lib/schemas");
for (const name of ["__init__", "chain", "codec", "compact", "release", "requests", "roster", "roster_header", "seal", "tables", "tokens", "topics"]) {
  vm.FS.writeFile(`/lib/schemas/${name}.py`, readFileSync(join(root, "schemas", `${name}.py`)));
}
vm.FS.writeFile("/lib/device_vectors.py", readFileSync(join(root, "tests/schemas/device_vectors.py")));
for (const name of readdirSync(vectors)) {
  vm.FS.writeFile(`/${name}`, readFileSync(join(vectors, name)));
}
try {
  vm.runPython(`
import sys
sys.path.append("/lib")
import device_vectors
print(sys.implementation.name, ".".join(str(part) for part in sys.implementation.version[:3]))
device_vectors.main(lambda name: open("/" + name + ".json").read())
`);
} catch (error) {
  lines.push(error.message);
  process.exitCode = 1;
}
console.log(lines.join("\n"));
