// Passkeys: a form that the browser's own window answers. Without a script, or where there are none, it stays hidden.
(() => {
  const forms = document.querySelectorAll("form[data-passkey]");
  if (!window.PublicKeyCredential?.parseCreationOptionsFromJSON) return;

  const failed = () => document.querySelector("[data-passkey-failed]")?.removeAttribute("hidden");
  const offered = async (form) => {
    if (form.dataset.options) return JSON.parse(form.dataset.options);
    const asked = await fetch(form.dataset.offer, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    const told = await asked.json();
    if (asked.ok) return told;
    const note = document.querySelector("[data-passkey-failed] p");
    if (note && told.message) note.textContent = told.message;
    throw new Error("refused");
  };
  const answered = async (form) => {
    const options = await offered(form);
    const kinds = window.PublicKeyCredential;
    return form.dataset.passkey === "create"
      ? navigator.credentials.create({ publicKey: kinds.parseCreationOptionsFromJSON(options) })
      : navigator.credentials.get({ publicKey: kinds.parseRequestOptionsFromJSON(options) });
  };

  for (const form of forms) {
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      if (form.elements.answer.value) return;
      event.preventDefault();
      try {
        form.elements.answer.value = JSON.stringify((await answered(form)).toJSON());
        form.submit();
      } catch {
        failed();
      }
    });
  }
})();
