// Scans a code with the camera where the browser can, shows that the cloud is being asked, and follows what happens.
"use strict";
const phase = document.body.dataset.phase;
const form = document.querySelector("form");
const camera = document.getElementById("camera");

if (phase === "asking" || phase === "enrolled") {
  setTimeout(() => location.replace("/"), phase === "enrolled" ? 5000 : 2000);
}

form?.addEventListener("submit", () => {
  const button = form.querySelector("button");
  button.textContent = form.dataset.asking;
  setTimeout(() => { button.disabled = true; });
});

// A code may be shown to the door's own scanner while this page is open.
if (form) setInterval(follow, 2000);
async function follow() {
  try {
    const told = await (await fetch("/health", { signal: AbortSignal.timeout(4000) })).json();
    if (told.enrolment !== phase && !form.code.value) location.replace(location.href);
  } catch {
    // The agent is starting: the next look tells.
  }
}

if (camera && "BarcodeDetector" in window && navigator.mediaDevices) {
  const button = camera.querySelector("button");
  const video = camera.querySelector("video");
  const said = camera.querySelector("p");
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  camera.hidden = false;
  button.addEventListener("click", () => (video.srcObject ? close() : open()));

  async function open() {
    try {
      video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      video.hidden = false;
      button.textContent = button.dataset.close;
      video.play().catch(close);
      look();
    } catch {
      close();
      said.textContent = said.dataset.none;
    }
  }

  function close() {
    video.srcObject?.getTracks().forEach((track) => track.stop());
    video.srcObject = null;
    video.hidden = true;
    button.textContent = button.dataset.open;
  }

  async function look() {
    if (!video.srcObject) return;
    const found = await detector.detect(video).catch(() => []);
    const code = found.find((each) => each.rawValue.startsWith("ESIK1"));
    if (!code) return setTimeout(look, 150);
    close();
    form.code.value = code.rawValue;
    form.requestSubmit();
  }
}
