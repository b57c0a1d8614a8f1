// The app's worker: when a page cannot be had, it shows what was last known, and says when that was.
// Rule: it answers nothing that the line can answer, sends nothing by itself, and touches no form, stream or download.
(() => {
  const FILES = `esik-shell-${self.SHELL.version}`;
  const KEPT = "esik-kept"; // what a signed-in person's first page showed last; written by app.js
  const PLACE = "/kept/first-page";
  const LOOK = "/kept/look"; // the language and look of this browser, nobody's own
  const KEPT_MS_MAX = 72 * 3600 * 1000;
  const PATIENCE_MS = 10_000; // for the first page, of which there is something to show meanwhile
  const OUT_OF_REACH = [502, 504]; // what a proxy says when nothing answers behind it
  const OWN_WAYS = /^\/(api|app|assets|health|kaspi|lti|metrics|oidc|offline|scim|sign-in)(\/|$)|\.\w+$/;
  const ENDS = /^\/(sign-in|sign-out|oidc\/end-session|account\/(sign-out-everywhere|password))/;

  const keep = async () => {
    const shell = await caches.open(FILES);
    await shell.addAll([...self.SHELL.files, ...Object.values(self.SHELL.pages)]);
    await self.skipWaiting(); // nothing of an open page depends on which worker is there
  };
  const tidy = async () => {
    for (const name of await caches.keys()) {
      if (name.startsWith("esik-shell-") && name !== FILES) await caches.delete(name);
    }
    await self.clients.claim();
  };
  const forget = () => caches.open(KEPT).then((kept) => kept.delete(PLACE));

  const known = async () => {
    const found = await (await caches.open(KEPT)).match(PLACE);
    if (!found) return null;
    const [at, keptAt] = ["x-at", "x-kept-at"].map((name) => Number(found.headers.get(name)));
    const age = Date.now() - keptAt; // by this device's own clock, which need not be the server's
    if (Math.abs(age) <= KEPT_MS_MAX) return { at, now: at + age, zone: found.headers.get("x-zone"), text: await found.text() };
    await forget();
    return null;
  };
  const look = async () => {
    const found = await (await caches.open(KEPT)).match(LOOK);
    if (found) return found.json();
    const liked = self.navigator.languages.map((each) => each.slice(0, 2));
    return { language: liked.find((each) => each in self.SHELL.pages) ?? "kk", theme: "auto" };
  };

  const told = ({ at, now, zone }) => {
    const day = { day: "2-digit", month: "2-digit", timeZone: zone };
    const written = (when, how) => new Intl.DateTimeFormat("ru", how).format(when);
    const isToday = written(at, day) === written(now, day);
    return written(at, { ...(isToday ? { timeZone: zone } : day), hour: "2-digit", minute: "2-digit" });
  };
  const filled = (text, seen) =>
    text
      .replace("data-known hidden", "data-known")
      .replace("data-unknown", "data-unknown hidden")
      .replace("<time data-seen-at></time>", () => `<time>${told(seen)}</time>`)
      .replace("<!--seen-->", () => seen.text);

  const offline = async () => {
    const [seen, { language, theme }] = await Promise.all([known(), look()]);
    const page = await caches.match(self.SHELL.pages[language]);
    if (!page) return Response.error();
    const bare = (await page.text()).replace('data-theme="auto"', `data-theme="${theme}"`);
    const headers = { "cache-control": "no-store" };
    for (const name of ["content-type", "content-language", "content-security-policy", "referrer-policy"]) {
      headers[name] = page.headers.get(name);
    }
    return new Response(seen ? filled(bare, seen) : bare, { status: 503, headers });
  };

  const patience = () => new Promise((_, refuse) => { setTimeout(refuse, PATIENCE_MS); });
  const page = async (request, isFirst) => {
    try {
      const asked = fetch(request);
      const answer = await (isFirst ? Promise.race([asked, patience()]) : asked);
      return OUT_OF_REACH.includes(answer.status) ? offline() : answer;
    } catch {
      return offline();
    }
  };
  const file = async (request) => (await caches.match(request)) ?? fetch(request);

  self.addEventListener("install", (event) => event.waitUntil(keep()));
  self.addEventListener("activate", (event) => event.waitUntil(tidy()));
  self.addEventListener("fetch", (event) => {
    const { request } = event;
    const url = new URL(request.url);
    if (url.origin !== self.location.origin) return;
    if (request.method !== "GET") {
      if (ENDS.test(url.pathname)) event.waitUntil(forget());
      return;
    }
    if (self.SHELL.files.includes(url.pathname + url.search)) event.respondWith(file(request));
    else if (request.mode === "navigate" && !OWN_WAYS.test(url.pathname)) {
      event.respondWith(page(request, url.pathname === "/"));
    }
  });
})();
