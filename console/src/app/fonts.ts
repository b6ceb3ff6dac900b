/** Fonts travel with the shop: no content network is asked. Inter at once; the CJK faces are cut into ranges of
 * characters, and a browser fetches only the ranges that stand on the page. Their style sheets come after the first
 * paint, because names in a catalogue may be Chinese or Japanese whatever language the console speaks. */
import "@fontsource-variable/inter/wght.css";
import "@fontsource-variable/jetbrains-mono/wght.css";

export async function loadWideFonts(): Promise<void> {
  await Promise.all([
    import("@fontsource-variable/noto-sans-tc/wght.css"),
    import("@fontsource-variable/noto-sans-jp/wght.css"),
  ]);
}
