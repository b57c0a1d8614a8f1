// The muster list: shows what the agent sends, and sends who is here. The link's secret never leaves the address bar but once.
"use strict";
const told = document.getElementById("told");
const lost = document.getElementById("lost");
const language = document.documentElement.lang;
const muster = document.body.dataset.muster;
let quiet = 0;

async function act(address, touch) {
  try {
    const answer = await fetch(`${address}?lang=${language}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Requested-By": "esik-guard" },
      body: JSON.stringify(touch),
    });
    if (answer.ok) {
      told.hidden = true;
      return true;
    }
    told.textContent = answer.status === 409 ? (await answer.json()).why : answer.statusText;
    told.hidden = false;
  } catch {
    lost.hidden = false;
  }
  return false;
}

async function enter() {
  const token = location.hash.slice(1);
  if (await act("/enter", { token })) location.replace(`/?lang=${language}`);
}

function listen() {
  const stream = new EventSource(`/muster/changes?lang=${language}`);
  stream.onmessage = (event) => {
    lost.hidden = true;
    show(JSON.parse(event.data));
    clearTimeout(quiet);
    quiet = setTimeout(() => { lost.hidden = false; }, 25000);
  };
  stream.onerror = () => { lost.hidden = false; };
}

function show(news) {
  if (news.muster !== muster) {
    location.reload();
    return;
  }
  if (!news.states) return;
  let isStrange = false;
  for (const [key, [name, words]] of Object.entries(news.states)) {
    const line = document.querySelector(`li[data-key="${CSS.escape(key)}"]`);
    if (!line) {
      isStrange = true;
      continue;
    }
    line.dataset.state = name;
    line.querySelector(".state").textContent = words;
  }
  if (isStrange) location.reload();  // somebody is on the list who was not when it was opened
  document.getElementById("found").textContent = news.found;
  document.getElementById("missing").textContent = news.missing;
  document.documentElement.dataset.heard = news.found;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.call) {
    const line = button.closest("li");
    line.setAttribute("aria-busy", "true");
    await act("/act/call", { key: line.dataset.key, call: button.dataset.call });
    line.removeAttribute("aria-busy");
  } else if (button.dataset.do === "print") {
    print();
  } else if (button.dataset.do === "enter") {
    enter();
  }
});

document.getElementById("only")?.addEventListener("change", (event) => {
  document.body.classList.toggle("only", event.target.checked);
});

const chosen = localStorage.getItem("guard.theme");
if (chosen) document.documentElement.dataset.theme = chosen;
if (muster || document.querySelector(".empty")) listen();
