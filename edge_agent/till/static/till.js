// The till's screen: shows what the agent sends, and sends what the cashier touches. It knows nothing by itself.
"use strict";
const main = document.getElementById("main");
const told = document.getElementById("told");
const lost = document.getElementById("lost");
const language = document.documentElement.lang;
let state = { kind: "", turn: -1, shift: null };
let busy = false;
let isAside = false; // the list of sales is open; the till goes on behind it
let later = null; // what the till shows once the list is closed
let quiet = 0;

// What the agent sends

function listen() {
  const stream = new EventSource(`/events?lang=${language}`);
  stream.onmessage = (event) => {
    lost.hidden = true;
    show(JSON.parse(event.data));
    clearTimeout(quiet);
    quiet = setTimeout(silent, 25000);
  };
  stream.onerror = silent;
}

function silent() {
  lost.hidden = false;
}

function show(news) {
  document.getElementById("bar").innerHTML = news.bar;
  const isNew = news.kind !== state.kind || news.turn !== state.turn;
  if (isNew && state.turn >= 0) sound(news.kind);
  if (isNew || news.shift !== state.shift) {
    told.hidden = true;
    isAside = isAside && news.shift === state.shift && (news.kind === "idle" || news.turn === state.turn);
  }
  state = { kind: news.kind, turn: news.turn, shift: news.shift };
  document.documentElement.dataset.heard = news.turn;
  if (news.main === undefined) return;
  later = news.main;
  if (!isAside) replace(later);
}

// Puts new content in place, and the cursor back to where it was.
function replace(html) {
  const at = document.activeElement;
  const kept = at && main.contains(at) && at.id ? { id: at.id, value: at.value } : null;
  main.innerHTML = html;
  const again = kept && document.getElementById(kept.id);
  if (again) {
    again.value = kept.value;
    again.focus({ preventScroll: true });
  }
}

// What the cashier touches

async function act(deed, touch) {
  if (busy) return false;
  busy = true;
  const slow = setTimeout(() => main.setAttribute("aria-busy", "true"), 400);
  try {
    const answer = await fetch(`/act/${deed}?lang=${language}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Requested-By": "esik-till" },
      body: JSON.stringify(touch),
    });
    if (answer.ok) {
      told.hidden = true;
      return true;
    }
    const refused = answer.status === 409 ? await answer.json() : { why: answer.statusText, reason: "" };
    told.textContent = refused.why;
    told.hidden = false;
    if (deed !== "sell" || refused.reason === "changed") sound("asking");
  } catch {
    silent();
  } finally {
    clearTimeout(slow);
    main.removeAttribute("aria-busy");
    busy = false;
  }
  return false;
}

const deeds = {
  sell: (it) => act("sell", { turn: +it.turn, amount: +it.amount, payer: it.payer, why: it.why || "" }),
  clear: () => act("clear", {}),
  put: (it) => act("put", { dish: it.dish, count: +it.count }),
  meal: (it) => act("meal", { meal: it.meal }),
  present: (it) => act("present", { ref: it.ref }),
  sales: () => aside(),
  back: () => {
    isAside = false;
    replace(later);
  },
  close: () => act("close", {}),
  print: (it) => act("print", { sale: it.sales }),
  digit: (it) => {
    document.getElementById("pin").value += it.digit;
  },
  erase: () => {
    const pin = document.getElementById("pin");
    pin.value = pin.value.slice(0, -1);
  },
  theme: () => choose("theme", isDark() ? "light" : "dark"),
  size: () => choose("size", document.documentElement.dataset.size === "big" ? "" : "big"),
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-do]");
  if (button && deeds[button.dataset.do]) deeds[button.dataset.do](button.dataset);
});

document.addEventListener("submit", async (event) => {
  const form = event.target;
  const fields = Object.fromEntries(new FormData(form));
  event.preventDefault();
  switch (form.dataset.do) {
    case "open":
      if (!(await act("open", { staff: fields.staff, pin: fields.pin, day: fields.day || "" }))) form.pin.value = "";
      break;
    case "overrule":
      await deeds.sell({ ...form.dataset, why: fields.why });
      break;
    case "takeback": {
      const why = (fields.own || "").trim() || fields.why || "";
      const what = event.submitter.value;
      const words = document.getElementById("seek").value;
      if (await act(what, { sale: form.dataset.sale, why, sum: fields.amount || "" })) await aside(words);
      break;
    }
    case "find":
      document.querySelector("#people button")?.click();
      break;
  }
});

let asked = 0;
document.addEventListener("input", async (event) => {
  if (event.target.id === "seek") await aside(event.target.value);
  if (event.target.id !== "find") return;
  const number = ++asked;
  const answer = await fetch(`/people?lang=${language}&q=${encodeURIComponent(event.target.value)}`);
  const html = await answer.text();
  const people = document.getElementById("people");
  if (number === asked && people) people.innerHTML = html;
});

async function aside(words = "") {
  if (!isAside) later = main.innerHTML;
  const number = ++asked;
  const answer = await fetch(`/sales?lang=${language}&q=${encodeURIComponent(words)}`);
  const html = await answer.text();
  if (number !== asked) return;
  isAside = true;
  replace(html);
}

// A scanner types fast and ends with Enter; Enter alone is a touch of the big button, Escape one of the other.

let typed = "";
let typedAt = 0;
document.addEventListener("keydown", (event) => {
  if (event.target.matches("input, textarea") || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.timeStamp - typedAt > 500) typed = "";
  typedAt = event.timeStamp;
  if (event.key.length === 1 && event.key !== " ") {
    typed += event.key;
  } else if (event.key === "Enter" && typed.length >= 4) {
    event.preventDefault();
    act("scan", { code: typed });
    typed = "";
  } else if (event.key === "Enter" && !event.target.closest("button, a, summary")) {
    main.querySelector(".stage > .go")?.click();
  } else if (event.key === "Escape") {
    (main.querySelector('[data-do="back"]') || main.querySelector('[data-do="clear"]'))?.click();
  }
});

// How it looks

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function choose(what, value) {
  localStorage.setItem(`till.${what}`, value);
  wear();
}

function wear() {
  for (const what of ["theme", "size"]) {
    const value = localStorage.getItem(`till.${what}`);
    if (value) document.documentElement.dataset[what] = value;
    else delete document.documentElement.dataset[what];
  }
  document.querySelector('[data-do="theme"]').setAttribute("aria-pressed", String(isDark()));
  const isBig = document.documentElement.dataset.size === "big";
  document.querySelector('[data-do="size"]').setAttribute("aria-pressed", String(isBig));
}

// How it sounds: a rising pair is sold, one note somebody came, two low ones a question, three a no.

const notes = {
  buyer: [[660, 0.07]],
  sold: [[660, 0.08], [990, 0.14]],
  asking: [[330, 0.16], [330, 0.16]],
  not_sold: [[220, 0.2], [220, 0.2], [220, 0.2]],
  turned: [[220, 0.2], [220, 0.2], [220, 0.2]],
};
let speaker = null;

function sound(kind) {
  document.documentElement.dataset.sounded = kind;
  if (!notes[kind] || !speaker) return;
  let at = speaker.currentTime;
  for (const [pitch, length] of notes[kind]) {
    const tone = speaker.createOscillator();
    const loudness = speaker.createGain();
    tone.frequency.value = pitch;
    loudness.gain.setValueAtTime(0.25, at);
    loudness.gain.exponentialRampToValueAtTime(0.001, at + length);
    tone.connect(loudness).connect(speaker.destination);
    tone.start(at);
    tone.stop(at + length);
    at += length + 0.05;
  }
}

// A browser lets a page sound only once it was touched.
document.addEventListener("pointerdown", () => { speaker = speaker || new AudioContext(); }, { once: true });
document.addEventListener("keydown", () => { speaker = speaker || new AudioContext(); }, { once: true });

wear();
listen();
