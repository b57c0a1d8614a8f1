// Turning notices on in this browser: asked for by a tap only, and every trouble is told in a sentence of the page.
(() => {
  const form = document.querySelector("form[data-push]");
  if (!form) return;
  const say = (what) => {
    for (const each of document.querySelectorAll("[data-push-says]")) each.hidden = each.dataset.pushSays !== what;
  };
  class Trouble extends Error {}
  const within = (promise, what) => { // a browser may wait for its push service without end
    const late = new Promise((_, refuse) => {
      window.setTimeout(() => refuse(new Trouble(what)), Number(form.dataset.wait));
    });
    return Promise.race([promise, late]);
  };
  const octets = (text) => {
    const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(plain, (each) => each.charCodeAt(0));
  };
  const isSame = (key, other) => {
    const held = new Uint8Array(key ?? new ArrayBuffer(0));
    return held.length === other.length && held.every((each, place) => each === other[place]);
  };

  const subscribed = async () => {
    const worker = await within(navigator.serviceWorker.ready, "no-worker");
    const applicationServerKey = octets(form.dataset.push);
    const held = await worker.pushManager.getSubscription();
    if (held && isSame(held.options.applicationServerKey, applicationServerKey)) return held;
    await held?.unsubscribe();
    return within(worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey }), "no-service");
  };
  const turnOn = async () => {
    say("asking");
    const answer = await Notification.requestPermission();
    if (answer !== "granted") throw new Trouble(answer === "denied" ? "denied" : "unanswered");
    say("waiting");
    form.elements.subscription.value = JSON.stringify(await subscribed());
    form.submit();
  };

  const isApple = /iPhone|iPad/.test(navigator.userAgent);
  if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) {
    say(isApple ? "install" : "unable");
    return;
  }
  if (Notification.permission === "denied") say("denied");
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    turnOn().catch((error) => say(error instanceof Trouble ? error.message : "no-service")).finally(() => {
      button.disabled = false;
    });
  });
})();
