// The page's side of the app: its worker, what is kept for the time without a connection, and the offer to install it.
// Rule: what is kept is of one session; a page that another session, or nobody, is shown clears it first.
(() => {
  const KEPT = "esik-kept";
  const PLACE = "/kept/first-page";
  const LOOK = "/kept/look";
  const APART_MS = 2000;
  const ANSWERED = "esik.install"; // in this browser, of whoever answered the offer
  const root = document.documentElement;
  const { reader, theme } = root.dataset; // no reader where the page does not know; empty where nobody is signed in
  const first = document.querySelector("[data-keep]");

  const tidy = async () => {
    const kept = await caches.open(KEPT);
    const found = reader === undefined ? null : await kept.match(PLACE);
    if (found && found.headers.get("x-reader") !== reader) await kept.delete(PLACE);
    await kept.put(LOOK, Response.json({ language: root.lang, theme }));
    return kept;
  };
  const keep = async (kept, at) => {
    const copy = first.cloneNode(true);
    for (const each of copy.querySelectorAll("form, [data-unkept]")) each.remove();
    const headers = { "x-reader": reader, "x-at": String(at * 1000), "x-kept-at": String(Date.now()), "x-zone": first.dataset.zone };
    await kept.put(PLACE, new Response(copy.innerHTML, { headers }));
  };
  const follow = (kept) => {
    let at = Number(document.querySelector("[data-live-state]").dataset.at);
    let waiting = 0;
    const write = () => {
      waiting = 0;
      keep(kept, at).catch(() => {}); // a full phone keeps less
    };
    write();
    document.addEventListener("htmx:sse:after:message", (event) => {
      at = Number(event.detail.message.id) || at; // also a pulse says that all is as it is shown
      waiting ||= window.setTimeout(write, APART_MS);
    });
  };
  const begin = async () => {
    const kept = await tidy();
    await navigator.serviceWorker.register("/sw.js", { updateViaCache: "none" });
    if (first && reader) follow(kept);
  };
  if ("serviceWorker" in navigator) begin().catch(() => {}); // without it there is a page, and no more

  // Installing is offered once, below what the page is about, and never again once it is answered.
  const offer = document.querySelector("[data-install]");
  if (!offer) return;
  const isInstalled = window.matchMedia("(display-mode: standalone)").matches || navigator.standalone;
  const answer = () => {
    localStorage.setItem(ANSWERED, "1");
    offer.hidden = true;
  };
  const show = (way) => {
    if (isInstalled || localStorage.getItem(ANSWERED)) return;
    for (const each of offer.querySelectorAll("[data-way]")) each.hidden = each.dataset.way !== way;
    offer.hidden = false;
  };
  let asking = null;
  window.addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    asking = event;
    show("ask");
  });
  window.addEventListener("appinstalled", answer);
  if (navigator.standalone === false) show("by-hand"); // phones of Apple ask nobody: it is done by the share button
  offer.querySelector("[data-install-yes]").addEventListener("click", () => {
    asking?.prompt();
    answer();
  });
  offer.querySelector("[data-install-no]").addEventListener("click", answer);
})();
