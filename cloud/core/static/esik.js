// What pages do beyond links and forms: the live dot, reconnecting, the offline bar, menus, print. Nothing depends on it.
(() => {
  const SILENCE_MAX_MS = 45000; // the server speaks every 15 s
  const RETRY_MS = 3000;
  const root = document.documentElement;

  // The live dot. Events come from htmx's SSE extension: htmx:sse:after:connection, ...:after:message, ...:error, ...:close.
  let heardAt = 0;
  let connection = null;
  const stream = () => document.querySelector("[data-live]");
  const clock = (at) => {
    const zone = document.querySelector("[data-zone]")?.dataset.zone;
    return new Intl.DateTimeFormat("ru", { timeStyle: "medium", timeZone: zone }).format(at);
  };
  const show = (state, at) => {
    for (const dot of document.querySelectorAll("[data-live-state]")) {
      dot.dataset.state = state;
      if (at) for (const time of dot.querySelectorAll("[data-live-time]")) time.textContent = clock(at);
    }
  };
  const heard = (event) => {
    connection = event.detail.connection;
    heardAt = performance.now();
    const at = Number(event.detail.message.id); // the server's own clock, in seconds
    show("live", at ? new Date(at * 1000) : new Date());
  };
  const lost = () => show("late");
  document.addEventListener("htmx:sse:after:message", heard);
  document.addEventListener("htmx:sse:error", (event) => {
    if (event.detail.status === 401) window.location.reload();
    lost();
  });
  document.addEventListener("htmx:sse:close", lost);
  document.addEventListener("htmx:error", lost);

  // A request that is under way must not be doubled.
  let isAsking = false;
  document.addEventListener("htmx:before:request", (event) => { isAsking ||= event.target === stream(); });
  document.addEventListener("htmx:finally:request", (event) => { isAsking &&= event.target !== stream(); });

  // The extension reconnects by itself, but not when the very first request failed, nor when a line is silently dead.
  window.setInterval(() => {
    const live = stream();
    if (!live || document.hidden || isAsking) return;
    if (!live._htmx?.sse) {
      window.htmx.ajax("GET", live.getAttribute("hx-sse:connect"), { source: live });
      return;
    }
    if (heardAt && performance.now() - heardAt > SILENCE_MAX_MS) {
      lost();
      heardAt = performance.now();
      connection?.reader?.cancel();
    }
  }, RETRY_MS);

  // On a phone the sections are a strip wider than the screen: the one that is shown stands in view.
  const section = document.querySelector(".shell-nav > [aria-current]");
  if (section) section.parentElement.scrollLeft = section.offsetLeft - section.parentElement.offsetLeft;

  // The offline bar.
  const offline = () => {
    root.classList.toggle("is-offline", !navigator.onLine);
    if (!navigator.onLine) lost();
  };
  window.addEventListener("online", offline);
  window.addEventListener("offline", offline);
  offline();

  // A menu is laid out while nothing else is to be done: on a cheap phone its first touch is as quick as the next ones.
  (window.requestIdleCallback ?? setTimeout)(() => {
    for (const body of document.querySelectorAll("details[data-menu] > .menu-body")) body.getBoundingClientRect();
  });

  // Menus close on a click elsewhere and on Escape.
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  // What browsers say of a field they say in their own language; the page says it in the reader's.
  document.addEventListener("invalid", ({ target }) => {
    const { valueMissing, patternMismatch } = target.validity;
    if (valueMissing) target.setCustomValidity(target.dataset.needed ?? root.dataset.needed);
    if (patternMismatch) target.setCustomValidity(root.dataset.misfit);
  }, true);
  document.addEventListener("input", ({ target }) => target.setCustomValidity?.(""), true);

  // What is typed beside a choice chooses it.
  document.addEventListener("input", ({ target }) => {
    const choice = document.getElementById(target.dataset.picks ?? "");
    if (choice) choice.checked = true;
  });

  // A file, too, is chosen in the reader's language, and one that is too big is told of before it is sent.
  for (const choice of document.querySelectorAll("[data-file]")) {
    const input = document.getElementById(choice.querySelector("label").htmlFor);
    const name = choice.querySelector("[data-file-name]");
    const none = name.textContent;
    choice.hidden = false;
    input.classList.add("visually-hidden");
    const named = () => {
      const files = [...input.files];
      const isTooBig = files.reduce((sum, file) => sum + file.size, 0) > Number(choice.dataset.max);
      name.textContent = isTooBig ? choice.dataset.tooBig : files.map((file) => file.name).join(", ") || none;
      name.classList.toggle("is-wrong", isTooBig);
      input.setCustomValidity(isTooBig ? choice.dataset.tooBig : "");
    };
    input.addEventListener("change", named);
    named(); // a page that is gone back to keeps its file
  }

  // A request of a form: a session that ended leads to the sign-in, a lost line is told where the answer would stand.
  document.addEventListener("htmx:before:response", (event) => {
    const { response } = event.detail.ctx;
    if (!response.raw.redirected) return;
    event.preventDefault();
    window.location.assign(response.raw.url);
  });
  document.addEventListener("htmx:error", (event) => {
    const form = event.detail.ctx?.sourceElement;
    if (!form?.dataset?.lost) return;
    const note = document.createElement("div");
    note.className = "note tone-no";
    note.setAttribute("role", "alert");
    note.textContent = form.dataset.lost;
    document.querySelector("#outcome").replaceChildren(note);
  });

  // A form that answers with a file leaves the page as it was: it is emptied once it is sent.
  document.addEventListener("submit", (event) => {
    if (event.target.matches("form[data-clears]")) window.setTimeout(() => event.target.reset());
  });

  // Filters apply when they change; without the script there is a button.
  for (const button of document.querySelectorAll("[data-without-script]")) button.hidden = true;
  document.addEventListener("change", (event) => event.target.closest("form[data-applies]")?.requestSubmit());
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) window.print();
  });
})();
