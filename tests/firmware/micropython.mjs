// Runs a portable test file on MicroPython's WebAssembly port, a second judge; prints the tests that passed.
// Usage: node micropython.mjs <project folder> <test file's stem> <package>...
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { loadMicroPython } from "@micropython/micropython-webassembly-pyscript";

const [root, test, ...packages] = process.argv.slice(2);
const lines = [];
const vm = await loadMicroPython({ heapsize: 1024 * 1024, stdout: (line) => lines.push(line) });
const made = new Set();
function put(path, content) {
  const folders = path.split("/").slice(1, -1);
  folders.forEach((_, depth) => {
    const folder = "/" + folders.slice(0, depth + 1).join("/");
    if (!made.has(folder)) vm.FS.mkdir(folder);
    made.add(folder);
  });
  vm.FS.writeFile(path, content);
}
for (const name of packages) {
  for (const file of readdirSync(join(root, name))) {
    if (file.endsWith(".py")) put(`/lib/${name}/${file}`, readFileSync(join(root, name, file)));
  }
}
for (const file of ["firmware/__init__.py", "simulators/__init__.py", "simulators/flash.py"]) {
  put(`/lib/${file}`, readFileSync(join(root, file)));
}
for (const file of ["run", test]) {
  put(`/tests/${file}.py`, readFileSync(join(root, "tests/firmware/portable", `${file}.py`)));
}
try {
  vm.runPython(`
import sys
sys.path.append("/lib")
sys.path.append("/tests")
import run
run.main("/tests", ["${test}"])
`);
} catch (error) {
  lines.push(error.message);
  process.exitCode = 1;
}
console.log(lines.join("\n"));
