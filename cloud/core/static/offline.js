// On the page without a connection: opens the page that was wanted as soon as the line is there again.
(() => {
  const FIRST_MS = 5_000;
  const LAST_MS = 60_000;
  const again = async (waited) => {
    const answer = await fetch("/health", { cache: "no-store" }).catch(() => null);
    if (answer?.ok) window.location.reload();
    else window.setTimeout(again, waited, Math.min(waited * 2, LAST_MS));
  };
  window.setTimeout(again, FIRST_MS, FIRST_MS);
  window.addEventListener("online", () => again(FIRST_MS));
  document.querySelector("[data-again]").addEventListener("click", () => window.location.reload());
})();
