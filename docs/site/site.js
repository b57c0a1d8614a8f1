/* Folds the list of pages on a phone, and searches the words of all pages, also from a folder without a server. */
"use strict";

const own = document.currentScript.dataset;
const form = document.querySelector(".search");
const field = document.getElementById("search");
const found = document.getElementById("found");
const SHOWN = 12;
let asked = null;

if (window.matchMedia("(max-width: 48rem)").matches) {
  document.querySelector(".pages > .fold").open = false;
}

/* The words come when somebody begins to search: as a script, which a browser also takes from a folder. */
function words() {
  asked ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = own.index;
    script.onload = () => resolve(window.esikWords);
    script.onerror = reject;
    document.head.append(script);
  });
  return asked;
}

/* Every word typed must begin a word of the part; in its title it counts ten times. */
function weight(part, typed) {
  let sum = 0;
  for (const word of typed) {
    const inTitle = ` ${part.heading}`.includes(` ${word}`);
    const inText = ` ${part.text}`.split(` ${word}`).length - 1;
    if (!inTitle && !inText) return 0;
    sum += (inTitle ? 10 : 0) + Math.min(inText, 5);
  }
  return sum + (part.language === document.documentElement.lang ? 3 : 0);
}

function shown(part) {
  const link = document.createElement("a");
  link.href = own.base + part.address;
  link.textContent = part.title;
  const below = document.createElement("span");
  below.textContent = part.page;
  link.append(below);
  return link;
}

async function search() {
  const typed = field.value.toLowerCase().split(/[^\p{L}\p{N}_]+/u).filter(Boolean);
  if (!typed.length) {
    found.hidden = true;
    return;
  }
  const all = await words();
  const best = all.map(part => [weight(part, typed), part]).filter(([sum]) => sum).sort((a, b) => b[0] - a[0]);
  found.replaceChildren(...best.slice(0, SHOWN).map(([, part]) => shown(part)));
  if (!best.length) {
    const none = document.createElement("p");
    none.textContent = own.none;
    found.append(none);
  }
  found.hidden = false;
}

form.hidden = false;
form.addEventListener("submit", event => event.preventDefault());
field.addEventListener("focus", words, { once: true });
field.addEventListener("input", search);
document.addEventListener("keydown", event => {
  if (event.key === "Escape") found.hidden = true;
});
