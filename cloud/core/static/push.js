// What the service worker does with a push message: shows it, tells the server that it came, opens the page on a touch.
// Taken in by the worker (importScripts). It keeps nothing.
(() => {
  const SCOPE = "/notices/ways/webpush";
  const AGAIN_MS = [1000, 4000]; // a receipt that was not taken is sent again
  const NEWS = { kk: "Жаңа хабар бар", ru: "Есть новое сообщение", en: "There is a new notice" };
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

  // A message that cannot be read is told of all the same: a browser takes the right away from who shows nothing.
  const told = (event) => {
    try {
      const message = event.data.json();
      if (typeof message.notification.title === "string") return message;
    } catch { /* below */ }
    const lang = navigator.language.slice(0, 2) in NEWS ? navigator.language.slice(0, 2) : "kk";
    return { notification: { title: "Esik", body: NEWS[lang], lang, navigate: "/notices" } };
  };

  const send = async (path, body, credentials) => {
    for (const ms of [...AGAIN_MS, 0]) {
      try {
        const headers = { "content-type": "application/json" };
        const answer = await fetch(SCOPE + path, { method: "POST", headers, body: JSON.stringify(body), credentials });
        if (answer.status < 500) return;
      } catch { /* no line */ }
      if (ms) await pause(ms);
    }
  };

  // The same message a second time stays as it is; a correction takes the place of what it corrects, and is heard.
  const show = async ({ id, notification }) => {
    const { title, navigate, ...options } = notification;
    const shown = options.tag ? await self.registration.getNotifications({ tag: options.tag }) : [];
    if (id && shown.some((each) => each.data?.id === id)) return;
    options.icon = "/app/icon-192.png";
    options.data = { id, navigate };
    options.renotify = shown.length > 0;
    await self.registration.showNotification(title, options);
  };

  const receive = async (event) => {
    const message = told(event);
    await show(message);
    if (message.id) await send("/received", { id: message.id }, "omit");
  };

  const open = async (notification) => {
    const wanted = new URL(notification.data?.navigate || "/notices", self.location.origin);
    const url = wanted.origin === self.location.origin ? wanted.href : self.location.origin + "/notices";
    const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
    const page = pages.find((each) => each.url === url);
    return page ? page.focus() : self.clients.openWindow(url);
  };

  // The browser gave up a subscription by itself: another one takes its place, for whoever is signed in.
  const renew = async (event) => {
    const old = event.oldSubscription;
    let now = event.newSubscription;
    if (!now && old) {
      const { applicationServerKey } = old.options;
      now = await self.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey });
    }
    if (now) await send("/renew", { subscription: JSON.stringify(now), old: old?.endpoint ?? "" }, "same-origin");
  };

  self.addEventListener("push", (event) => event.waitUntil(receive(event)));
  self.addEventListener("notificationclick", (event) => {
    event.notification.close();
    event.waitUntil(open(event.notification));
  });
  self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(renew(event)));
})();
