// The journal's grid, as quick as a spreadsheet: one field goes from cell to cell, and what is typed is kept at once.
// Rule: what was typed stays in the page until the server has it; values of one cell go one after another, never two at
// a time, and what could not be kept says so until it is typed anew. Without the script a lesson's own page is used.
(() => {
  const table = document.querySelector("[data-journal]");
  const told = document.getElementById("journal-told");
  const state = document.getElementById("journal-state");
  const reason = document.getElementById("reason");
  const AT_ONCE = 4;
  const IDLE_MS = 800; // after which a value that may go on is taken as it is
  const TIMEOUT_MS = 15000;
  const RETRY_MS = [1000, 2000, 5000, 10000, 30000];

  const heads = [...table.tHead.rows[0].cells];
  const rows = [...table.tBodies[0].rows];
  const field = document.createElement("input");
  Object.assign(field, { maxLength: 12, autocomplete: "off", inputMode: "numeric", type: "text" });

  const wanted = new Map(); // by cell: what is to stand there and is not kept yet
  const sending = new Set(); // cells whose value is under way
  const wrong = new Map(); // by cell: why its value was not kept
  const taken = []; // what stood before each value, to be taken back
  let cell = null; // where the field is
  let idle = 0;
  let tries = 0;
  let waits = 0; // the timer of the next try, once the line was lost
  let isSignedOut = false;

  const head = (at) => heads[at.cellIndex];
  const row = (at) => at.parentElement;
  const isOpen = (at) => at?.tagName === "TD" && !at.matches(".x, .sum") && "w" in head(at).dataset;
  const text = (at) => wanted.get(at) ?? at.dataset.text ?? "";
  for (const each of rows) for (const at of each.cells) if (isOpen(at)) at.dataset.text = at.textContent;

  // What the page says of all of it.
  const say = () => {
    const count = wanted.size;
    const words = wrong.size ? table.dataset.refused : waits ? table.dataset.waiting : count ? table.dataset.keeping : table.dataset.kept;
    state.textContent = words.replace("{count}", wrong.size || count);
    state.classList.toggle("is-wrong", wrong.size > 0);
    state.classList.toggle("is-waiting", !wrong.size && waits > 0);
    const whys = [...new Set(wrong.values()), ...(isSignedOut ? [table.dataset.ended] : [])];
    told.replaceChildren(...whys.map((why) => {
      const note = document.createElement("div");
      note.className = "note tone-no";
      note.textContent = why;
      return note;
    }));
  };
  const draw = (at) => {
    if (at !== cell) at.textContent = text(at);
    at.classList.toggle("is-waiting", wanted.has(at));
    at.classList.toggle("is-wrong", wrong.has(at));
    at.title = wrong.get(at) ?? "";
    const isClash = "t" in head(at).dataset && "in" in row(at).dataset && text(at).startsWith(table.dataset.absent);
    at.classList.toggle("is-clash", isClash);
    if (isClash) at.title ||= table.dataset.clash;
  };

  // Keeping: what waits goes out, four cells at once at most.
  const pump = () => {
    if (waits) return;
    for (const at of wanted.keys()) {
      if (sending.size >= AT_ONCE) break;
      if (!sending.has(at)) send(at);
    }
  };
  const rest = () => { // the line was lost: all of it is tried again
    waits ||= window.setTimeout(() => { waits = 0; pump(); say(); }, RETRY_MS[Math.min(tries++, RETRY_MS.length - 1)]);
  };
  const stands = (at, { shown, number }) => {
    at.dataset.text = shown;
    at.dataset.n = number;
    delete at.dataset.o;
  };
  const send = async (at) => {
    const value = wanted.get(at);
    sending.add(at);
    let answer = null;
    let body = null;
    try {
      const form = { lesson: head(at).dataset.l, ref: row(at).dataset.r, value, seen: at.dataset.n ?? 0, reason: reason?.value ?? "" };
      answer = await fetch(table.dataset.journal, {
        method: "POST", body: new URLSearchParams(form), headers: { accept: "application/json" }, redirect: "manual",
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      body = await answer.json();
    } catch { /* no line, or an answer that is none: what was typed goes on waiting */ }
    sending.delete(at);
    settle(at, value, answer, body);
    draw(at);
    pump();
    say();
  };
  const settle = (at, value, answer, body) => {
    isSignedOut = answer?.type === "opaqueredirect" || answer?.status === 401;
    if (!answer || !body || isSignedOut || answer.status >= 500 || answer.status === 429) {
      rest();
      return;
    }
    tries = 0;
    const isLast = wanted.get(at) === value; // nothing else was typed meanwhile
    if (answer.ok) {
      stands(at, body);
      const figures = [...row(at).cells].filter((each) => each.matches(".sum"));
      body.figures.forEach((figure, place) => { figures[place].textContent = figure; });
      figures.at(-1)?.classList.toggle("is-final", body.is_final);
      if (isLast) wanted.delete(at);
      return;
    }
    if (answer.status === 409) stands(at, body);
    if (!isLast) return; // the newer value is tried by itself
    wanted.delete(at);
    wrong.set(at, `${row(at).cells[0].textContent.trim()}, ${head(at).querySelector("a").textContent}: ${value || "∅"} — ${body.message}`);
    if (at === cell && answer.status === 409) { field.value = text(at); field.select(); }
  };

  // Typing: a value is taken when the field leaves, when it cannot go on, or after a moment's rest.
  const take = (at, value, isUndo = false) => {
    window.clearTimeout(idle);
    const before = text(at);
    if (value === before && !wrong.has(at)) return;
    if (!isUndo) taken.push([at, before]);
    wrong.delete(at);
    if (value === (at.dataset.text ?? "") && !sending.has(at)) wanted.delete(at); // as it is kept already
    else wanted.set(at, value);
    draw(at);
    pump();
    say();
  };
  const isWhole = (value) => {
    const most = Number(head(cell).dataset.max ?? table.dataset.formative);
    return /^\d+$/.test(value) ? Number(value) * 10 > most : value !== "" && !/^\D\s?$/.test(value);
  };
  const leave = () => {
    if (!cell) return;
    const at = cell;
    cell = null;
    take(at, field.value.trim());
    field.remove();
    draw(at);
  };
  const go = (at) => {
    if (!isOpen(at)) return false;
    if (at === cell) { field.focus(); return true; }
    leave();
    cell = at;
    field.value = text(at);
    field.setAttribute("aria-label", `${row(at).cells[0].textContent.trim()}, ${head(at).textContent.trim()}`);
    at.replaceChildren(field);
    field.focus({ preventScroll: true });
    field.select();
    at.scrollIntoView({ block: "nearest", inline: "nearest" });
    return true;
  };
  const step = (across, down) => {
    let line = row(cell).sectionRowIndex;
    let column = cell.cellIndex;
    for (;;) { // past cells of who was not there, and lessons that are not one's own
      line += down;
      column += across;
      const at = rows[line]?.cells[column];
      if (!at || at.tagName !== "TD") return false;
      if (go(at)) return true;
    }
  };
  const undo = () => {
    window.clearTimeout(idle);
    if (cell && field.value.trim() !== text(cell)) { field.value = text(cell); field.select(); return; }
    const last = taken.pop();
    if (!last) return;
    const [at, before] = last;
    take(at, before, true);
    if (at === cell) { field.value = before; field.select(); } else go(at);
  };

  const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  field.addEventListener("keydown", (event) => {
    const { key, shiftKey } = event;
    const way = KEYS[key] ?? (key === "Enter" && [0, shiftKey ? -1 : 1]) ?? null;
    if (way) {
      event.preventDefault();
      if (!step(...way)) take(cell, field.value.trim());
    } else if (key === "Tab") {
      if (step(shiftKey ? -1 : 1, 0)) event.preventDefault(); // at the row's end it leaves the table
    } else if (key === "Escape") {
      event.preventDefault();
      field.value = text(cell);
      document.querySelector("[data-put]").focus();
    } else if (event.code === "KeyZ" && (event.ctrlKey || event.metaKey)) { // in whatever letters the keyboard writes
      event.preventDefault();
      undo();
    }
  });
  field.addEventListener("input", () => {
    window.clearTimeout(idle);
    const at = cell;
    const value = field.value.trim();
    if (isWhole(value)) take(at, value);
    else idle = window.setTimeout(() => { if (at === cell) take(at, field.value.trim()); }, IDLE_MS);
  });
  field.addEventListener("blur", () => { if (cell) take(cell, field.value.trim()); });
  table.addEventListener("click", ({ target }) => {
    const at = target.closest("td");
    if (at && target !== field) go(at);
  });
  document.getElementById("journal-bar").addEventListener("click", ({ target }) => {
    const button = target.closest("button");
    if (!button) return;
    if ("undo" in button.dataset) { undo(); return; }
    if (!cell) return;
    field.value = button.dataset.put;
    take(cell, field.value);
    if (!step(0, 1)) field.focus();
  });
  window.addEventListener("online", () => { window.clearTimeout(waits); waits = 0; pump(); say(); });
  window.addEventListener("beforeunload", (event) => { if (wanted.size || wrong.size) event.preventDefault(); });

  // The field begins in the newest lesson, which stands in view.
  const first = rows.flatMap((each) => [...each.cells].filter(isOpen).slice(-1)).at(0);
  for (const each of rows) for (const at of each.cells) if (isOpen(at)) draw(at);
  say();
  if (first) {
    table.parentElement.scrollLeft = table.scrollWidth;
    go(first);
    field.blur();
  }
})();
