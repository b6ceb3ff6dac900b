/** The one list of colours. CSS variables, the Mantine theme and the chart theme are all made from it. */
export interface Palette {
  page: string;
  surface: string;
  raised: string;
  line: string;
  /** Around fields: stands out from the page by 3 : 1. */
  edge: string;
  hover: string;
  ink: string;
  muted: string;
  faint: string;
  accent: string;
  accentSoft: string;
  onAccent: string;
  good: string;
  goodSoft: string;
  watch: string;
  watchSoft: string;
  bad: string;
  badSoft: string;
  series: readonly [string, string, string, string, string, string, string, string];
}

/** Series: the Okabe–Ito order (orange, sky, green, yellow, blue, vermilion, purple, ink), darkened until each step
 * stands out from paper by 3 : 1. */
export const LIGHT: Palette = {
  page: "#FAF8F5",
  surface: "#FFFFFF",
  raised: "#FFFFFF",
  line: "#E7E2DA",
  edge: "#948C80",
  hover: "#F7F4EF",
  ink: "#1F1B16",
  muted: "#6B645A",
  faint: "#A39B8F",
  accent: "#B4532A",
  accentSoft: "#FCF3EE",
  onAccent: "#FFFFFF",
  good: "#2F7D4F",
  goodSoft: "#EBF5EE",
  watch: "#8F5F12",
  watchSoft: "#FAF0DC",
  bad: "#B3261E",
  badSoft: "#FBE9E7",
  series: ["#BF7A00", "#2B8BC4", "#00825F", "#8F8100", "#0067A3", "#C9520A", "#B65C8F", "#5B554C"],
};

export const DARK: Palette = {
  page: "#161513",
  surface: "#1E1C1A",
  raised: "#262421",
  line: "#38342F",
  edge: "#756E65",
  hover: "#2A2724",
  ink: "#F2EEE8",
  muted: "#B0A899",
  faint: "#7A7267",
  accent: "#E0815A",
  accentSoft: "#3A2720",
  onAccent: "#1F1B16",
  good: "#6BBF8A",
  goodSoft: "#1F2F25",
  watch: "#E3B45C",
  watchSoft: "#352B19",
  bad: "#F2857C",
  badSoft: "#3A2220",
  series: ["#F0B13C", "#7CC6F2", "#3DC79C", "#EDE26A", "#5BA8DE", "#F28A4B", "#E29BC3", "#BDB6AA"],
};

/** `--ink`, `--accent-soft`, `--series-1` … for style sheets. */
export function cssVariables(palette: Palette): Record<string, string> {
  const { series, ...named } = palette;
  const variables: Record<string, string> = {};
  for (const [name, colour] of Object.entries(named)) {
    variables[`--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`] = colour;
  }
  series.forEach((colour, index) => (variables[`--series-${index + 1}`] = colour));
  return variables;
}
