// The guard's screen: shows what the agent sends, and sends what the guard touches. It knows nothing by itself.
"use strict";
const told = document.getElementById("told");
const lost = document.getElementById("lost");
const panel = document.getElementById("panel");
const language = document.documentElement.lang;
const signed = document.body.dataset.signed;
let state = { turn: -1, marks: {}, mode: null };
let open = { name: "hand", ref: "" };
let busy = false;
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
  if (news.staff !== signed) {
    location.reload();
    return;
  }
  put("bar", news.bar);
  put("banner", news.banner);
  if (signed) {
    put("stage", news.stage);
    const isNew = news.turn !== state.turn;
    if (isNew && state.turn >= 0 && news.kind !== "waiting") sound(news.kind);
    document.documentElement.dataset.heard = news.turn;
  } else {
    document.documentElement.dataset.heard = 0;
  }
  if (state.mode !== null && news.mode !== state.mode && news.mode !== "normal") sound(news.mode);
  const mark = news.marks[open.name];
  const isStale = state.marks[open.name] !== undefined && state.marks[open.name] !== mark;
  state = { turn: news.turn, marks: news.marks, mode: news.mode };
  if (signed && isStale && !open.ref && !isTyping()) showPanel(open.name);
}

function put(id, html) {
  const place = document.getElementById(id);
  if (place && place.dataset.shown !== html) {
    place.innerHTML = html;
    place.dataset.shown = html;
  }
}

function isTyping() {
  return panel && panel.contains(document.activeElement) && document.activeElement.matches("input, select, summary");
}

// The parts beside the live view

async function fetched(address, more = {}) {
  try {
    const answer = await fetch(`${address}${address.includes("?") ? "&" : "?"}lang=${language}`, more);
    return answer.ok ? await answer.text() : null;
  } catch {
    silent();
    return null;
  }
}

async function showPanel(name) {
  open = { name, ref: "" };
  for (const tab of document.querySelectorAll("[data-panel]")) {
    tab.setAttribute("aria-pressed", String(tab.dataset.panel === name));
  }
  const html = await fetched(`/panel/${name}`);
  if (html !== null && open.name === name && !open.ref) {
    panel.innerHTML = html;
    panel.dataset.part = name;
  }
}

let asked = 0;
async function find(query) {
  const number = ++asked;
  const html = await fetched(`/people?${query}`);
  const people = document.getElementById("people");
  if (html !== null && number === asked && people) people.innerHTML = html;
}

async function person(ref) {
  open = { name: "hand", ref };
  const html = await fetched(`/person/${ref}`);
  if (html === null || open.ref !== ref) return;
  panel.innerHTML = html;
  panel.dataset.part = "person";
  for (const tab of document.querySelectorAll("[data-panel]")) {
    tab.setAttribute("aria-pressed", String(tab.dataset.panel === "hand"));
  }
  panel.querySelector('[data-do="hand"]').focus({ preventScroll: true });
}

// What the guard touches

async function act(address, touch) {
  if (busy) return false;
  busy = true;
  try {
    const answer = await fetch(`${address}?lang=${language}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Requested-By": "esik-guard" },
      body: JSON.stringify(touch),
    });
    if (answer.ok) {
      told.hidden = true;
      return answer;
    }
    told.textContent = answer.status === 409 ? (await answer.json()).why : answer.statusText;
    told.hidden = false;
    sound("asking");
  } catch {
    silent();
  } finally {
    busy = false;
  }
  return false;
}

function pressed(what, usual) {
  const button = panel.querySelector(`[data-do="${what}"][aria-pressed="true"]`);
  return button ? button.dataset[what] : usual;
}

const deeds = {
  digit: (it) => {
    document.getElementById("pin").value += it.digit;
  },
  erase: () => {
    const pin = document.getElementById("pin");
    pin.value = pin.value.slice(0, -1);
  },
  theme: () => {
    localStorage.setItem("guard.theme", isDark() ? "light" : "dark");
    wear();
  },
  "sign-out": async () => {
    if (await act("/sign-out", {})) location.reload();
  },
  class: (it, button) => {
    for (const each of panel.querySelectorAll('[data-do="class"]')) each.setAttribute("aria-pressed", String(each === button));
    find(`class=${encodeURIComponent(it.class)}`);
  },
  person: (it) => person(it.ref),
  back: () => showPanel("hand"),
  way: (it, button) => press("way", button),
  gate: (it, button) => press("gate", button),
  hand: async (it) => {
    const touch = { ref: it.ref, reason: it.reason, gate: pressed("gate", it.gate), way: pressed("way", "in") };
    if (await act("/act/hand", touch)) showPanel("hand");
  },
  open: async (it) => {
    const detail = document.getElementById("detail").value;
    const touch = { reason: it.reason, gate: pressed("gate", it.gate), way: pressed("way", "in"), detail };
    if (await act("/act/open", touch)) showPanel("open");
  },
  order: async (it) => {
    if ((await act("/act/order", { mode: it.mode })) && signed) showPanel("alarm");
  },
  muster: async (it) => {
    if (await act("/act/muster", { what: it.what })) showPanel("alarm");
  },
  leave: async (it) => {
    if (await act("/act/leave", { visit: it.visit })) showPanel(open.name);
  },
  collect: async (it) => {
    const touch = { ref: it.ref, gate: pressed("gate", it.gate), collector: it.collector };
    if ((await act("/act/collect", touch)) && open.ref === it.ref) showPanel("hand");
  },
  deliver: async (it) => {
    const touch = { purpose: "delivery", firm: it.firm, gate: pressed("gate", it.gate) };
    if (await act("/act/visit", touch)) showPanel("deliveries");
  },
  share: async () => {
    const answer = await act("/share", {});
    if (!answer) return;
    const place = document.getElementById("qr");
    place.innerHTML = await answer.text();
    place.hidden = false;
    place.scrollIntoView({ block: "nearest" });
  },
  withdraw: async () => {
    if (await act("/act/withdraw", {})) showPanel("alarm");
  },
};

function press(what, button) {
  for (const each of panel.querySelectorAll(`[data-do="${what}"]`)) each.setAttribute("aria-pressed", String(each === button));
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.panel) showPanel(button.dataset.panel);
  else if (deeds[button.dataset.do]) deeds[button.dataset.do](button.dataset, button);
});

document.addEventListener("submit", async (event) => {
  const form = event.target;
  const fields = Object.fromEntries(new FormData(form));
  event.preventDefault();
  switch (form.dataset.do) {
    case "sign-in":
      if (await act("/sign-in", { staff: fields.staff, pin: fields.pin })) location.reload();
      else form.pin.value = "";
      break;
    case "visit":
      if (await act("/act/visit", { ...fields, stay: +fields.stay })) showPanel("visitors");
      break;
    case "delivery":
      if (await act("/act/visit", { ...fields, purpose: "delivery", gate: pressed("gate", form.dataset.gate) })) showPanel("deliveries");
      break;
    case "exception":
      if (await act("/act/collect", { ...fields, ref: form.dataset.ref, gate: pressed("gate", form.dataset.gate) })) showPanel("hand");
      break;
    case "find":
      panel.querySelector("#people button")?.click();
      break;
  }
});

let typing = 0;
document.addEventListener("input", (event) => {
  if (event.target.id !== "find") return;
  clearTimeout(typing);
  typing = setTimeout(() => find(`q=${encodeURIComponent(event.target.value)}`), 120);
});

// Letters begin a search, digits choose a reason, Escape goes back.
document.addEventListener("keydown", (event) => {
  if (!signed || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === "Escape") {
    showPanel("hand");
    return;
  }
  if (event.target.matches("input, textarea, select")) return;
  if (/^[1-9]$/.test(event.key)) {
    panel.querySelectorAll(".reasons button")[event.key - 1]?.click();
  } else if (event.key.length === 1 && /\p{L}/u.test(event.key)) {
    event.preventDefault();
    begin(event.key);
  }
});

async function begin(letter) {
  if (panel.dataset.part !== "hand" || open.ref) await showPanel("hand");
  const input = document.getElementById("find");
  input.focus();
  input.value += letter;
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

// How it looks

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function wear() {
  const value = localStorage.getItem("guard.theme");
  if (value) document.documentElement.dataset.theme = value;
  document.querySelector('[data-do="theme"]').setAttribute("aria-pressed", String(isDark()));
}

// How it sounds: a rising pair comes in, one note goes out, three by hand, two low ones a question, three low ones a no.

const notes = {
  in: [[660, 0.07], [990, 0.1]],
  out: [[660, 0.12]],
  hand: [[550, 0.07], [660, 0.07], [880, 0.1]],
  asking: [[330, 0.16], [330, 0.16]],
  unknown: [[330, 0.16], [330, 0.16]],
  no: [[220, 0.2], [220, 0.2], [220, 0.2]],
  fire: [[880, 0.3], [660, 0.3], [880, 0.3], [660, 0.3], [880, 0.3], [660, 0.3]],
  lock_down: [[440, 0.3], [440, 0.3], [440, 0.3], [440, 0.3]],
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
if (signed) showPanel("hand");
listen();
