// Sounds at the gate, beside word, shape and colour: rising for in, falling for out, low for a refusal. Off until asked for.
(() => {
  const TONES = { in: [660, 880], out: [660, 495], denied: [180, 150, 180], turned: [330] };
  const STEP_S = 0.12;
  const button = document.querySelector("[data-sound]");
  const newest = () => document.querySelector(".taps li");
  let sound = null;
  let heardAt = newest()?.dataset.at;
  button.hidden = false;

  const play = (outcome) => {
    (TONES[outcome] ?? []).forEach((hertz, step) => {
      const tone = sound.createOscillator();
      const loudness = sound.createGain();
      const at = sound.currentTime + step * STEP_S;
      tone.frequency.value = hertz;
      loudness.gain.setValueAtTime(0.25, at);
      loudness.gain.exponentialRampToValueAtTime(0.001, at + STEP_S);
      tone.connect(loudness).connect(sound.destination);
      tone.start(at);
      tone.stop(at + STEP_S);
    });
    button.dataset.played = outcome;
  };
  button.addEventListener("click", () => {
    const isOn = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(isOn));
    sound ??= new AudioContext(); // browsers allow sound only after a touch
    if (isOn) play("in");
  });
  document.addEventListener("htmx:sse:after:message", () => {
    const tap = newest();
    if (!tap || tap.dataset.at === heardAt) return;
    heardAt = tap.dataset.at;
    if (button.getAttribute("aria-pressed") === "true") play(tap.dataset.outcome);
  });
})();
