// Chooses light or dark before the first paint: the reader's choice, else what the device asks for. The page that the
// app's worker kept is the same for everybody, and takes the choice that this device saw last.
(() => {
  const KEY = "look";
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const remembered = () => {
    try {
      if (root.dataset.kept !== undefined) return localStorage.getItem(KEY) ?? "auto";
      if (localStorage.getItem(KEY) !== root.dataset.theme) localStorage.setItem(KEY, root.dataset.theme);
    } catch { /* a browser that keeps nothing */ }
    return root.dataset.theme;
  };
  const chosen = remembered();
  const choose = () => {
    root.dataset.bsTheme = chosen === "auto" ? (dark.matches ? "dark" : "light") : chosen;
  };
  choose();
  dark.addEventListener("change", choose);
})();
