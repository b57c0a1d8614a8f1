// What a test's page notices about its own window, for a student who consented: nothing of what other windows show.
// Rule: a test is never held up by it; what cannot be sent waits a while, and is then forgotten.
(() => {
  const sheet = document.querySelector("[data-log]");
  if (!sheet) return;
  const [SIGN_MS, TIMEOUT_MS, WAITS_MAX, BATCH] = [Number(sheet.dataset.signs) * 1000, 10000, 200, 50];
  const RESIZED = 0.25; // of the window's size: a keyboard on a phone makes less of its width
  const waits = [];
  let [leftAt, isSending, isOver, place] = [0, false, false, null];
  let [width, height] = [window.innerWidth, window.innerHeight];

  const note = (what, more = {}) => {
    if (isOver || waits.length >= WAITS_MAX) return;
    waits.push({ what, at: performance.now(), place, ...more });
  };
  const message = (events) => JSON.stringify(events.map(({ at, ...rest }) => ({ ...rest, ago_s: (performance.now() - at) / 1000 })));
  const send = async () => {
    if (isSending || isOver) return;
    isSending = true;
    const events = waits.slice(0, BATCH);
    try {
      const answer = await fetch(sheet.dataset.log, {
        method: "POST", body: new URLSearchParams({ events: message(events) }), redirect: "manual",
        headers: { accept: "application/json" }, signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (answer.ok) {
        waits.splice(0, events.length);
        isOver = !(await answer.json()).is_logged;
      } else if (answer.status !== 429 && answer.status < 500 && answer.type !== "opaqueredirect") waits.splice(0, events.length);
    } catch { /* no line: what was noticed goes with the next sign */ }
    isSending = false;
  };
  const leave = () => {
    if (leftAt) return;
    note("left");
    leftAt = performance.now();
  };
  const back = () => {
    if (!leftAt) return;
    note("back", { lasted_s: Math.round((performance.now() - leftAt) / 1000) });
    leftAt = 0;
    send();
  };

  document.addEventListener("visibilitychange", () => (document.hidden ? leave() : document.hasFocus() && back()));
  window.addEventListener("blur", () => window.setTimeout(() => { if (!document.hasFocus()) leave(); }, 200));
  window.addEventListener("focus", back);
  document.addEventListener("focusin", ({ target }) => {
    const form = target.closest("form[data-place]");
    if (form) place = Number(form.dataset.place);
  });
  document.addEventListener("paste", ({ target }) => { if (target.closest("form[data-place]")) note("pasted"); });
  document.addEventListener("fullscreenchange", () => { if (!document.fullscreenElement) note("window"); });
  let settled = 0;
  window.addEventListener("resize", () => {
    window.clearTimeout(settled);
    settled = window.setTimeout(() => {
      const [wide, high] = [window.innerWidth, window.innerHeight];
      const isTyping = document.activeElement?.matches?.("input, textarea") && wide === width; // a keyboard on the screen
      if (!isTyping && (Math.abs(wide - width) > width * RESIZED || Math.abs(high - height) > height * RESIZED)) note("resized");
      if (!isTyping) [width, height] = [wide, high];
    }, 500);
  });
  window.addEventListener("pagehide", () => {
    if (!isOver && waits.length) navigator.sendBeacon(sheet.dataset.log, new URLSearchParams({ events: message(waits.slice(0, BATCH)) }));
  });

  if (performance.getEntriesByType("navigation")[0]?.type === "reload") note("reopened");
  window.setInterval(send, SIGN_MS);
  send();
})();
