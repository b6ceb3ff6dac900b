/** The bar at the foot of the page: what plays, how far, and what waits behind it. */

import { spoken, words } from "../shared/api";
import { square } from "../shared/cover";
import { fill, h, icon } from "../shared/dom";
import { lengthOf, type Player } from "./player";
import { say } from "./words";

const clock = (seconds: number): string => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

const liked = new Set<string>(JSON.parse(localStorage.getItem("demo_liked") ?? "[]") as string[]);

export const isLiked = (id: string): boolean => liked.has(id);
export function setLiked(id: string): void {
  liked.add(id);
  localStorage.setItem("demo_liked", JSON.stringify([...liked].slice(-500)));
}

export function dock(player: Player, onRadio: () => void): HTMLElement {
  const now = h("div", { class: "now" });
  const toggle = h("button", { class: "dock-play", onclick: () => player.toggle() });
  const time = h("span", { class: "dock-time" }, "0:00");
  const length = h("span", { class: "dock-time" }, "0:00");
  const done = h("span", { class: "dock-done" });
  const seek = h("input", { type: "range", min: 0, max: 100, step: 1, "aria-label": say("seek"), oninput: () => player.seek(Number((seek as HTMLInputElement).value)) }) as HTMLInputElement;
  const heart = h("button", { class: "round", onclick: () => like() });
  const sound = h("button", { class: "round sound", onclick: () => (player.tones.setMuted(!player.tones.muted), draw()) });
  const list = h("ol", {});
  const panel = h("aside", { class: "queue", hidden: true, "aria-label": say("queue") });
  const queueButton = h("button", { class: "round", "aria-label": say("queue"), "aria-expanded": "false", onclick: () => setPanel(panel.hidden) }, icon("queue"));
  const radio = h("button", { class: "round", "aria-label": say("radio"), title: say("radio"), onclick: onRadio }, icon("radio"));

  function setPanel(open: boolean): void {
    panel.hidden = !open;
    queueButton.setAttribute("aria-expanded", String(open));
  }

  function like(): void {
    if (!player.current) return;
    setLiked(player.current.entry.item.item_id);
    player.like(player.current);
  }

  let shown = "";
  let queued = "";
  function draw(): void {
    const { current } = player;
    const id = current?.entry.item.item_id ?? "";
    if (id !== shown || !now.childNodes.length) drawSong();
    shown = id;
    fill(toggle, icon(player.playing ? "pause" : "play", 22, true));
    toggle.setAttribute("aria-label", say(player.playing ? "pause" : "resume"));
    const total = current ? lengthOf(current.entry) : 0;
    time.textContent = clock(player.position);
    length.textContent = clock(total);
    seek.max = String(Math.round(total));
    seek.value = String(Math.round(player.position));
    done.style.width = total ? `${(player.position / total) * 100}%` : "0";
    const isMine = isLiked(id);
    fill(heart, icon("heart", 20, isMine));
    heart.classList.toggle("lit", isMine);
    heart.setAttribute("aria-label", say(isMine ? "liked" : "like"));
    heart.setAttribute("aria-pressed", String(isMine));
    fill(sound, icon(player.tones.muted ? "mute" : "sound"));
    sound.setAttribute("aria-label", say(player.tones.muted ? "unmute" : "mute"));
    const key = `${player.radio}|${player.queue.map((waiting) => waiting.entry.item.item_id).join()}`;
    if (key !== queued) drawQueue();
    queued = key;
    bar.hidden = !current && !player.queue.length;
    document.documentElement.style.setProperty("--dock", bar.hidden ? "0px" : "88px");
  }

  function drawSong(): void {
    const entry = player.current?.entry;
    if (!entry) return fill(now, h("span", { class: "muted" }, say("nothing_playing")));
    const artist = words(entry.item, "artist", "artists").join(", ");
    fill(now, square(entry.item), h("div", { class: "now-words" }, h("strong", {}, spoken(entry.item).title), h("span", { class: "muted" }, artist)));
  }

  function drawQueue(): void {
    fill(
      list,
      player.queue.map((waiting, at) =>
        h(
          "li",
          {},
          square(waiting.entry.item),
          h("span", { class: "now-words" }, h("strong", {}, spoken(waiting.entry.item).title), h("span", { class: "muted" }, words(waiting.entry.item, "artist", "artists").join(", "))),
          h("button", { class: "round", "aria-label": say("remove"), onclick: () => player.remove(at) }, icon("close", 16)),
        ),
      ),
    );
    fill(
      panel,
      h("header", {}, h("h2", {}, say("queue")), h("button", { class: "round", "aria-label": say("close"), onclick: () => setPanel(false) }, icon("close"))),
      player.radio ? h("p", { class: "muted" }, say("radio_on", { title: player.radio })) : null,
      player.queue.length ? list : h("p", { class: "muted" }, say("queue_empty")),
      h("p", { class: "muted small" }, say("tones")),
    );
  }

  const bar = h(
    "div",
    { class: "dock", role: "region", "aria-label": "player", hidden: true },
    now,
    h(
      "div",
      { class: "dock-middle" },
      h(
        "div",
        { class: "dock-keys" },
        h("button", { class: "round back", "aria-label": say("back"), onclick: () => player.back() }, icon("back", 20, true)),
        toggle,
        h("button", { class: "round", "aria-label": say("next"), onclick: () => void player.next() }, icon("next", 20, true)),
      ),
      h("div", { class: "dock-line" }, time, h("div", { class: "dock-bar" }, done, seek), length),
    ),
    h("div", { class: "dock-end" }, heart, radio, queueButton, sound),
  );
  drawQueue();
  draw();
  player.onChange(draw);
  return h("div", {}, panel, bar);
}
