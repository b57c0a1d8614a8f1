// A test as it is taken: each answer is kept as soon as it is given, and goes on by itself after a broken line.
// Rule: what the server does not have yet stands in this browser until it has it, also when the page is closed; answers
// to one question go one after another. The server's clock decides: the page only shows how much of it is left.
(() => {
  const key = (id) => `esik-attempt-${id}`;
  const over = document.querySelector("[data-over]");
  const sheet = document.querySelector("[data-sitting]");
  if (over) { // what never reached the server in time is told, and forgotten
    try {
      const late = JSON.parse(localStorage.getItem(key(over.dataset.over)) ?? "[]").length;
      const note = over.querySelector("[data-late]");
      if (late && note) { note.hidden = false; note.querySelector("p").textContent = note.dataset.late.replace("{n}", late); }
      localStorage.removeItem(key(over.dataset.over));
    } catch { /* a browser that keeps nothing */ }
  }
  if (!sheet) return;

  const [AT_ONCE, IDLE_MS, TIMEOUT_MS] = [3, 800, 15000];
  const RETRY_MS = [1000, 2000, 5000, 10000, 30000];
  const KEY = key(sheet.dataset.sitting);
  const forms = [...sheet.querySelectorAll("form[data-place]")];
  const state = sheet.querySelector("[data-state]");
  const told = sheet.querySelector("[data-told]");
  const clock = sheet.querySelector("[data-clock]");
  const links = [...sheet.querySelectorAll(".sitting-places a")];
  const hand = sheet.querySelector("[data-hand]");

  const wanted = new Map(); // by form: the fields that the server does not have yet
  const sending = new Set(); // forms whose answer is under way
  const wrong = new Map(); // by form: why its answer was not kept
  const idle = new Map();
  let [tries, waits, isSignedOut, isOver] = [0, 0, false, false];
  let endsAt = performance.now() + Number(sheet.dataset.left) * 1000;
  sheet.classList.add("is-scripted");

  const fieldsOf = (form) => new FormData(form).getAll("answer");
  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
  const isAnswered = (form) => (form.dataset.kind === "order" ? "moved" in form.dataset : fieldsOf(form).some((each) => each.trim()));
  const placeOf = (form) => Number(form.dataset.place);
  const linkOf = (form) => links[placeOf(form) - 1];
  for (const form of forms) if (linkOf(form).classList.contains("is-answered")) form.dataset.moved = "";

  // What the page says of all of it.
  const say = () => {
    const count = wanted.size;
    const words = wrong.size ? sheet.dataset.refused : waits ? sheet.dataset.waiting : count ? sheet.dataset.keeping : sheet.dataset.kept;
    state.textContent = words.replace("{count}", wrong.size || count);
    state.classList.toggle("is-wrong", wrong.size > 0);
    state.classList.toggle("is-waiting", !wrong.size && waits > 0);
    if (isSignedOut) told.textContent = sheet.dataset.ended;
    else if (told.textContent === sheet.dataset.ended) told.textContent = "";
  };
  const draw = (form) => {
    const has = isAnswered(form);
    if (!isOver) linkOf(form).classList.toggle("is-answered", has); // fields that are closed say nothing
    if (!isOver) linkOf(form).querySelector("span").textContent = has ? ` ${sheet.dataset.answered}` : "";
    form.querySelector("[data-why]").textContent = wrong.get(form) ?? "";
    const words = form.querySelector("[data-words]");
    if (words) {
      const count = form.elements.answer.value.split(/\s+/).filter((each) => /[\p{L}\p{N}]/u.test(each)).length;
      words.textContent = words.dataset.words.replace("{n}", count);
    }
  };
  const remember = () => {
    try {
      if (wanted.size) localStorage.setItem(KEY, JSON.stringify([...wanted].map(([form, fields]) => [placeOf(form), fields])));
      else localStorage.removeItem(KEY);
    } catch { /* a browser that keeps nothing: the page keeps it */ }
  };

  // Keeping: what waits goes out, some at once.
  const pump = () => {
    if (waits || isOver) return;
    for (const form of wanted.keys()) {
      if (sending.size >= AT_ONCE) break;
      if (!sending.has(form)) send(form);
    }
  };
  const rest = () => { // the line was lost: all of it is tried again
    waits ||= window.setTimeout(() => { waits = 0; pump(); say(); }, RETRY_MS[Math.min(tries++, RETRY_MS.length - 1)]);
  };
  const send = async (form) => {
    const fields = wanted.get(form);
    sending.add(form);
    let answer = null;
    let body = null;
    try {
      answer = await fetch(form.action, {
        method: "POST", body: new URLSearchParams(fields.map((each) => ["answer", each])), redirect: "manual",
        headers: { accept: "application/json" }, signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      body = await answer.json();
    } catch { /* no line, or an answer that is none: what was given goes on waiting */ }
    sending.delete(form);
    settle(form, fields, answer, body);
    remember();
    draw(form);
    pump();
    say();
  };
  const settle = (form, fields, answer, body) => {
    isSignedOut = answer?.type === "opaqueredirect" || answer?.status === 401;
    if (!answer || !body || isSignedOut || answer.status >= 500 || answer.status === 429) {
      rest();
      return;
    }
    tries = 0;
    const isLast = same(wanted.get(form), fields); // nothing else was given meanwhile
    if (answer.ok) {
      endsAt = performance.now() + body.left_s * 1000;
      if (isLast) wanted.delete(form);
      return;
    }
    if (answer.status === 409) { // over: nothing that waits can be kept any more
      for (const each of wanted.keys()) wrong.set(each, body.message);
      wanted.clear();
      close();
      for (const each of wrong.keys()) draw(each);
      return;
    }
    if (!isLast) return; // the newer answer is tried by itself
    wanted.delete(form);
    wrong.set(form, body.message);
  };
  const take = (form) => {
    window.clearTimeout(idle.get(form));
    idle.delete(form);
    if (isOver) return;
    wrong.delete(form);
    wanted.set(form, fieldsOf(form));
    remember();
    draw(form);
    pump();
    say();
  };

  // What was given before the page was closed, and has not been kept, stands in its fields again and goes out.
  const putBack = (form, fields) => {
    const list = form.querySelector("[data-order]");
    if (list) {
      const items = new Map([...list.children].map((each) => [each.querySelector("input").value, each]));
      for (const each of fields) if (items.has(each)) list.append(items.get(each));
      form.dataset.moved = "";
    }
    for (const field of form.querySelectorAll("[name=answer]")) {
      if (field.type === "radio" || field.type === "checkbox") field.checked = fields.includes(field.value);
      else if (field.tagName === "SELECT") field.value = [...field.options].find((each) => each.value && fields.includes(each.value))?.value ?? "";
      else if (field.type !== "hidden") field.value = fields[0] ?? "";
    }
  };
  try {
    for (const [place, fields] of JSON.parse(localStorage.getItem(KEY) ?? "[]")) {
      const form = forms.find((each) => placeOf(each) === place);
      if (!form) continue;
      putBack(form, fields);
      wanted.set(form, fields);
    }
  } catch { /* a browser that keeps nothing */ }

  for (const form of forms) {
    form.addEventListener("submit", (event) => { event.preventDefault(); take(form); });
    form.addEventListener("change", () => take(form));
    form.addEventListener("input", ({ target }) => {
      if (target.type === "radio" || target.type === "checkbox" || target.tagName === "SELECT") return; // the change tells
      window.clearTimeout(idle.get(form));
      idle.set(form, window.setTimeout(() => take(form), IDLE_MS));
      draw(form);
    });
    form.addEventListener("click", (event) => {
      const button = event.target.closest("[name=up], [name=down]");
      if (!button) return;
      event.preventDefault();
      const item = button.closest("li");
      const other = button.name === "up" ? item.previousElementSibling : item.nextElementSibling;
      if (other) other[button.name === "up" ? "before" : "after"](item);
      form.dataset.moved = "";
      button.focus();
      take(form);
    });
  }

  // One question at a time, where the teacher wants it so: all of them are in the page, so that no line is needed.
  const items = [...sheet.querySelectorAll("[data-item]")];
  const heads = [...sheet.querySelectorAll("[data-of]")];
  const steps = sheet.querySelector("[data-steps]");
  let at = 0;
  const show = (place, isMoved) => {
    at = Math.max(0, Math.min(items.length - 1, place));
    items.forEach((each, number) => { each.hidden = number !== at; });
    const above = heads.filter((each) => Number(each.dataset.of.slice(1)) <= at + 1).at(-1);
    heads.forEach((each) => { each.hidden = each !== above; });
    links.forEach((each, number) => (number === at ? each.setAttribute("aria-current", "step") : each.removeAttribute("aria-current")));
    steps.querySelector("[data-step='-1']").disabled = at === 0;
    steps.querySelector("[data-step='1']").disabled = at === items.length - 1;
    if (isMoved) items[at].querySelector("[name=answer], button")?.focus({ preventScroll: true });
  };
  if ("one" in sheet.dataset) {
    steps.hidden = false;
    steps.addEventListener("click", ({ target }) => { if (target.dataset.step) show(at + Number(target.dataset.step), true); });
    links.forEach((each, number) => each.addEventListener("click", (event) => { event.preventDefault(); show(number, true); }));
    show(Number(window.location.hash.slice(2) || 1) - 1, false);
  }

  // The end: what waits is sent first; then the work is handed in, and what came of it is shown.
  const close = () => {
    isOver = true;
    for (const form of forms) for (const field of form.elements) field.disabled = true;
    told.textContent = sheet.dataset.up;
    sheet.querySelector("[data-done]").hidden = false;
    hand.hidden = true;
  };
  const handIn = () => {
    if (wanted.size || sending.size) return false;
    hand.submit();
    return true;
  };
  hand.addEventListener("submit", (event) => {
    event.preventDefault();
    for (const form of [...idle.keys()]) take(form);
    const open = forms.filter((each) => !isAnswered(each)).length;
    if (open && !window.confirm(sheet.dataset.sure.replace("{n}", open))) return;
    if (handIn()) return;
    const timer = window.setInterval(() => { if (handIn()) window.clearInterval(timer); }, 300);
  });
  const tick = () => {
    const left = Math.max(0, Math.ceil((endsAt - performance.now()) / 1000));
    const [hours, minutes, seconds] = [Math.floor(left / 3600), Math.floor(left / 60) % 60, left % 60];
    const time = `${hours ? `${hours}:` : ""}${String(minutes).padStart(2, "0")}:${String(seconds).padStart(2, "0")}`;
    if (left < 86400) clock.textContent = clock.dataset.clock.replace("{time}", time);
    clock.parentElement.classList.toggle("is-soon", left <= 300 && left > 60);
    clock.parentElement.classList.toggle("is-last", left <= 60);
    if (left === 300) told.textContent = sheet.dataset.soon;
    if (left === 60) told.textContent = sheet.dataset.last;
    if (left > 0 || isOver) return;
    for (const form of [...idle.keys()]) take(form);
    for (const form of forms) form.inert = true; // what waits still has a moment to arrive
    told.textContent = sheet.dataset.up;
    if (handIn()) isOver = true;
    else if (performance.now() > endsAt + Number(sheet.dataset.grace) * 1000) {
      isOver = true;
      window.setTimeout(() => window.location.reload(), 2000);
    }
  };
  window.setInterval(tick, 1000);
  window.addEventListener("online", () => { window.clearTimeout(waits); waits = 0; pump(); say(); });
  window.addEventListener("beforeunload", (event) => { if (wanted.size && !isOver) event.preventDefault(); });

  forms.forEach(draw);
  tick();
  pump();
  say();
})();
