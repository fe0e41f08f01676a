"use strict";
for (const box of document.querySelectorAll(".player")) {
  const find = (selector) => box.querySelector(selector);
  const canvas = find("canvas"), pen = canvas.getContext("2d");
  const slider = find("input[type=range]"), play = find(".play"), speed = find("select");
  const repeat = find("input[type=checkbox]"), output = find("output");
  const jumps = [...box.querySelectorAll(".jump")];
  const fps = Number(box.dataset.fps), start = Number(box.dataset.start);
  const onset = Number(jumps[0].dataset.place), last = Number(slider.max);
  const sources = JSON.parse(find("script").textContent);
  let pictures = null, position = 0, running = 0, before = 0;

  const clock = (t) => {
    if (!box.dataset.long) return t.toFixed(3) + " s";
    const ms = Math.round(t * 1000), s = Math.floor(ms / 1000), m = Math.floor(s / 60), h = Math.floor(m / 60);
    const two = (n) => String(n).padStart(2, "0");
    return (h ? h + ":" + two(m % 60) : m) + ":" + two(s % 60) + "." + String(ms % 1000).padStart(3, "0");
  };
  const load = () => {
    pictures ||= sources.map((source) => {
      const picture = new Image();
      picture.onload = show;
      picture.src = source;
      return picture;
    });
  };
  const show = () => {
    const i = Math.round(position), picture = pictures[i];
    if (picture.complete && picture.naturalWidth) {
      if (canvas.width !== picture.naturalWidth) {
        canvas.width = picture.naturalWidth;
        canvas.height = picture.naturalHeight;
      }
      pen.drawImage(picture, 0, 0);
    }
    slider.value = i;
    const since = (i - onset) / fps, ms = Math.round(since * 1000);
    const text = clock(start + since) + (ms === 0 ? ", onset" : ms > 0 ? `, ${ms} ms after onset` : `, ${-ms} ms before onset`);
    if (output.textContent !== text) {
      output.textContent = text;
      slider.setAttribute("aria-valuetext", text);
    }
  };
  const stop = () => {
    cancelAnimationFrame(running);
    running = 0;
    play.textContent = "Play";
  };
  const step = (now) => {
    position += ((now - before) / 1000) * fps / Number(speed.value);
    before = now;
    if (position > last) {
      if (!repeat.checked) {
        position = last;
        show();
        stop();
        return;
      }
      position = 0;
    }
    show();
    running = requestAnimationFrame(step);
  };
  const seek = (to) => {
    stop();
    position = Math.min(Math.max(to, 0), last);
    show();
  };
  play.addEventListener("click", () => {
    if (running) return stop();
    if (position >= last) position = 0;
    before = performance.now();
    play.textContent = "Pause";
    running = requestAnimationFrame(step);
  });
  slider.addEventListener("input", () => seek(Number(slider.value)));
  for (const jump of jumps) jump.addEventListener("click", () => seek(Math.round(Number(jump.dataset.place))));
  box.hidden = false;
  const begin = () => { load(); seek(onset); };
  if ("IntersectionObserver" in window) {
    const watch = new IntersectionObserver((seen) => {
      if (seen.some((s) => s.isIntersecting)) { watch.disconnect(); begin(); }
    }, { rootMargin: "400px" });
    watch.observe(box);
  } else begin();
}
let opened = [];
addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("details:not([open])")].filter((d) => d.querySelectorAll("tr").length <= 40);
  for (const d of opened) d.open = true;
});
addEventListener("afterprint", () => { for (const d of opened) d.open = false; });
