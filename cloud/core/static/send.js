// Sends the one form of a page that only leads on to another site; without scripts its button does.
document.querySelector("form[data-send]")?.submit();
