// Brings the page anew every two seconds; says so when the agent does not answer.
"use strict";
const pause = 2000;

async function refresh() {
  const notice = document.getElementById("stale");
  try {
    const answer = await fetch(location.href, { signal: AbortSignal.timeout(4000) });
    if (!answer.ok) throw new Error(answer.status);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.querySelector("main").replaceChildren(...page.querySelector("main").childNodes);
    document.title = page.title;
    notice.hidden = true;
  } catch {
    notice.hidden = false;
  }
  setTimeout(refresh, pause);
}

setTimeout(refresh, pause);
