/** The film's stand-in: one minute of its own poster, with everything a real player reports. */

import { type Entry, spoken } from "../shared/api";
import { artOf, drawing } from "../shared/cover";
import { fill, h, icon } from "../shared/dom";
import { playedFrom, track } from "../shared/tracker";
import { ratingStars } from "./rating";
import { say } from "./words";

const REEL_S = 60;
const HEARTBEAT_S = 10; // the video spec's `Video Content Playing`

const clock = (seconds: number): string =>
  `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

export function play(entry: Entry, onClose: () => void): void {
  const { title } = spoken(entry.item);
  const session = crypto.randomUUID();
  const art = artOf(entry.item, "poster");
  let position = 0;
  let playing = true;
  let beat = 0;
  let last = performance.now();
  let done = false;

  const facts = () => ({
    session_id: session,
    content_asset_id: entry.item.item_id,
    asset_id: entry.item.item_id,
    title,
    position: Math.round(position),
    total_length: REEL_S,
    video_player: "corner-cinema",
    full_screen: true,
    ...playedFrom(entry),
  });

  const fillLine = h("span", { class: "reel-done" });
  const time = h("span", { class: "reel-time" }, `0:00 / ${clock(REEL_S)}`);
  const seek = h("input", {
    type: "range",
    min: 0,
    max: REEL_S,
    value: 0,
    step: 1,
    "aria-label": say("seek"),
    oninput: () => {
      position = Number((seek as HTMLInputElement).value);
      draw();
    },
    onchange: () => track("Video Playback Seek Completed", facts()),
  }) as HTMLInputElement;
  const toggle = h("button", { class: "reel-button", onclick: () => setPlaying(!playing) });
  const stage = h("div", { class: "reel-stage" }, drawing(art));
  const foot = h("div", { class: "reel-foot" }, toggle, h("div", { class: "reel-bar" }, fillLine, seek), time);
  const box = h(
    "dialog",
    { class: "reel", "aria-label": title, style: `--ground:${art.palette.ground};--ink:${art.palette.ink}`, onclose: () => finish() },
    h(
      "div",
      { class: "reel-inside" },
      h(
        "header",
        {},
        h("button", { class: "reel-button", "aria-label": say("stop"), onclick: () => box.close() }, icon("left", 26)),
        h("h2", {}, title),
      ),
      stage,
      h("p", { class: "reel-note" }, say("reel")),
      foot,
    ),
  ) as HTMLDialogElement;

  function draw(): void {
    const share = position / REEL_S;
    fillLine.style.width = `${share * 100}%`;
    seek.value = String(Math.round(position));
    time.textContent = `${clock(position)} / ${clock(REEL_S)}`;
    stage.style.setProperty("--turn", String(share));
  }

  function setPlaying(next: boolean): void {
    playing = next;
    last = performance.now();
    track(next ? "Video Playback Resumed" : "Video Playback Paused", facts());
    drawToggle();
  }

  function drawToggle(): void {
    fill(toggle, icon(playing ? "pause" : "play", 26, true));
    toggle.setAttribute("aria-label", say(playing ? "pause" : "resume"));
  }

  function end(): void {
    done = true;
    playing = false;
    track("Video Content Completed", facts());
    track("Video Playback Completed", facts());
    drawToggle();
    fill(foot, h("div", { class: "reel-end" }, h("span", {}, say("ended")), ratingStars(entry)));
  }

  function tick(): void {
    if (!box.isConnected) return;
    const now = performance.now();
    if (playing) {
      position = Math.min(REEL_S, position + (now - last) / 1000);
      const nextBeat = Math.floor(position / HEARTBEAT_S);
      if (nextBeat > beat && position < REEL_S) track("Video Content Playing", facts());
      beat = nextBeat;
      draw();
      if (position >= REEL_S && !done) end();
    }
    last = now;
  }

  const timer = setInterval(tick, 200);
  function finish(): void {
    clearInterval(timer);
    if (!done) track("Video Playback Exited", facts());
    box.remove();
    onClose();
  }

  document.body.append(box);
  box.addEventListener("keydown", (event) => {
    if (event.key === " " && event.target === box) {
      event.preventDefault();
      setPlaying(!playing);
    }
  });
  box.showModal();
  drawToggle();
  draw();
  track("Video Playback Started", facts());
  track("Video Content Started", facts());
}
