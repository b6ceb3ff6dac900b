/** A quiet tune made from a name, so that a player without recordings still has something to play. */

import { hashOf } from "../../src/catalog/cover-art";

const SCALES = [
  [0, 2, 4, 7, 9], // major pentatonic
  [0, 3, 5, 7, 10], // minor pentatonic
  [0, 2, 5, 7, 9],
];
const NOTE_S = 0.42;
const LOUDNESS = 0.07;

/** The tune of a name: semitones over its root, one a beat; the same name is always the same tune. */
export function tuneOf(name: string): { root: number; notes: number[] } {
  let seed = hashOf(name);
  const scale = SCALES[seed % SCALES.length] as number[];
  const notes = Array.from({ length: 16 }, () => {
    seed = hashOf(String(seed));
    return (scale[seed % scale.length] as number) + 12 * ((seed >>> 8) % 2);
  });
  return { root: 48 + (hashOf(name) % 12), notes };
}

const pitch = (semitone: number): number => 440 * 2 ** ((semitone - 69) / 12);

export class Tones {
  private context: AudioContext | null = null;
  private timer = 0;
  muted = localStorage.getItem("demo_muted") !== "no";

  setMuted(muted: boolean): void {
    this.muted = muted;
    localStorage.setItem("demo_muted", muted ? "yes" : "no");
  }

  play(name: string): void {
    this.stop();
    const tune = tuneOf(name);
    let beat = 0;
    this.timer = window.setInterval(() => {
      if (!this.muted) this.pluck(tune.root + (tune.notes[beat % tune.notes.length] as number), beat % 4 === 0);
      beat += 1;
    }, NOTE_S * 1000);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private pluck(semitone: number, strong: boolean): void {
    this.context ??= new AudioContext();
    const { context } = this;
    const now = context.currentTime;
    const string = context.createOscillator();
    const volume = context.createGain();
    string.type = "triangle";
    string.frequency.value = pitch(semitone);
    volume.gain.setValueAtTime(0, now);
    volume.gain.linearRampToValueAtTime(LOUDNESS * (strong ? 1.4 : 1), now + 0.015);
    volume.gain.exponentialRampToValueAtTime(0.0001, now + NOTE_S * 2.4);
    string.connect(volume).connect(context.destination);
    string.start(now);
    string.stop(now + NOTE_S * 2.5);
  }
}
