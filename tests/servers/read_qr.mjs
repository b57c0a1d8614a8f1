// Prints the text of the QR code in a picture: node read_qr.mjs WIDTH HEIGHT FILE, the file holding RGBA bytes.
import { readFileSync } from "node:fs";
import jsqr from "jsqr";

const [width, height, file] = process.argv.slice(2);
const read = jsqr.default ?? jsqr;
const found = read(new Uint8ClampedArray(readFileSync(file)), Number(width), Number(height));
if (!found) {
  console.error("no QR code is in this picture");
  process.exit(1);
}
process.stdout.write(found.data);
