// Chooses light or dark before the first paint: the reader's choice, else what the device asks for.
(() => {
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const choose = () => {
    const chosen = root.dataset.theme;
    root.dataset.bsTheme = chosen === "auto" ? (dark.matches ? "dark" : "light") : chosen;
  };
  choose();
  dark.addEventListener("change", choose);
})();
