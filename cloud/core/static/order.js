// Says what the chosen dishes come to while they are being chosen. Without it the page says so after ordering.
// Rule: of the chosen sets the first is had at the right's price, as the till sells it; the others cost what they cost.
(() => {
  const language = document.documentElement.lang;
  const tenge = (tiyn) => {
    const digits = tiyn % 100 ? 2 : 0;
    const figure = new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits });
    return `${figure.format(tiyn / 100)}\u00a0₸`;
  };
  const say = (form) => {
    const chosen = [...form.querySelectorAll("input[name=dish]:checked")];
    const covered = chosen.find((each) => each.dataset.rightTiyn !== undefined);
    const price = ({ dataset }, isCovered) => Number(isCovered ? dataset.rightTiyn : dataset.tiyn);
    const sum = chosen.reduce((before, each) => before + price(each, each === covered), 0);
    form.querySelector("[data-sum]").textContent = tenge(sum);
    form.querySelector("[data-sum-line]").hidden = chosen.length === 0;
  };
  for (const form of document.querySelectorAll("form[data-order]")) {
    form.addEventListener("change", () => say(form));
    say(form);
  }
})();
