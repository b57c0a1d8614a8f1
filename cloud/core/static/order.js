// Says what the chosen dishes come to while they are being chosen. Without it the page says so after ordering.
(() => {
  const language = document.documentElement.lang;
  const tenge = (tiyn) => {
    const digits = tiyn % 100 ? 2 : 0;
    const figure = new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits });
    return `${figure.format(tiyn / 100)}\u00a0₸`;
  };
  const say = (form) => {
    const chosen = [...form.querySelectorAll("input[name=dish]:checked")];
    const sum = chosen.reduce((before, each) => before + Number(each.dataset.tiyn), 0);
    form.querySelector("[data-sum]").textContent = tenge(sum);
    form.querySelector("[data-sum-line]").hidden = chosen.length === 0;
  };
  for (const form of document.querySelectorAll("form[data-order]")) {
    form.addEventListener("change", () => say(form));
    say(form);
  }
})();
