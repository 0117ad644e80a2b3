"use strict";
{
const of = (id) => document.getElementById("player-" + id);
const episodes = JSON.parse(of("episodes").textContent);
const board = of("board"), pen = board.getContext("2d"), slider = of("at");
let episode, images = [], shown = -1, timer = 0;

function number(value) { return String(Math.round(value * 1000) / 1000); }

function show(index) {
  if (index < shown) shown = -1;
  while (shown < index) {
    shown += 1;
    const image = images[shown];
    if (image) pen.drawImage(image, episode.patches[shown][0], episode.patches[shown][1]);
  }
  slider.value = index;
  const gain = index ? episode.returns[index] - episode.returns[index - 1] : episode.returns[0];
  of("step").textContent = "env_step " + index + " of " + (episode.patches.length - 1);
  of("total").textContent = "return " + number(episode.returns[index]);
  of("gain").textContent = Math.abs(gain) < 1e-9 ? "" : (gain > 0 ? "+" : "") + number(gain);
  of("gain").className = gain < 0 ? "loss" : "";
}

function stop() {
  clearTimeout(timer);
  timer = 0;
  of("play").textContent = "Play";
}

function play() {
  of("play").textContent = "Pause";
  const last = episode.patches.length - 1;
  const next = shown >= last ? 0 : shown + 1;
  show(next);
  timer = setTimeout(play, next === last ? 2000 : episode.milliseconds);
}

async function choose(index) {
  stop();
  const chosen = episodes[index];
  const loaded = await Promise.all(chosen.patches.map(async ([, , content]) => {
    if (!content) return null;
    const image = new Image();
    image.src = "data:image/png;base64," + content;
    await image.decode();
    return image;
  }));
  stop();
  episode = chosen;
  images = loaded;
  shown = -1;
  board.width = episode.width;
  board.height = episode.height;
  slider.max = episode.patches.length - 1;
  of("text").textContent = episode.text;
  [...of("choices").children].forEach((button, place) => button.setAttribute("aria-pressed", String(place === index)));
  play();
}

episodes.forEach((each, index) => {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = each.name;
  button.addEventListener("click", () => choose(index));
  of("choices").append(button);
});
of("choices").hidden = episodes.length < 2;
of("play").addEventListener("click", () => (timer ? stop() : play()));
slider.addEventListener("input", () => { stop(); show(Number(slider.value)); });
choose(0).then(() => { if (of("whole").dataset.begins === "paused") { stop(); show(0); } });
}
