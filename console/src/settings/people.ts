import { queryOptions } from "@tanstack/react-query";
import { get, type Person } from "../shared/api";

export const peopleQuery = queryOptions({
  queryKey: ["people"],
  queryFn: ({ signal }) => get<Person[]>("/v1/people", undefined, signal),
});

const WORDS =
  "amber anchor apple april autumn bakery basket birch bottle bridge button cabin candle canvas carrot cedar cello chalk cherry cider clover cobalt coffee copper corner cotton crayon cricket curtain dahlia denim desert ember falcon feather fennel ferry forest garden ginger granite guitar hammer harbor hazel helmet honey indigo island ivory jasmine jersey kettle lagoon lantern lemon lilac linen lobster magnet mango maple marble meadow melon mirror morning mosaic mustard napkin nectar nickel oboe olive onion orange orchid oyster paper pebble pepper piano pillow pine planet plum pocket poplar quartz rabbit radish raven ribbon river rocket rosemary saddle saffron sailor salmon sandal satin shadow silver sketch spruce squash stable station stone sugar summit sunday teapot thimble thunder tiger timber toast tomato tulip tunnel turnip turtle umbrella valley vanilla velvet violet walnut water willow window winter wool yarrow yellow zebra zephyr".split(" ");

/** A first password that can be said on the telephone: five words and a number, drawn by the browser's own chance. */
export function sayablePassword(chance: (below: number) => number = drawn): string {
  const words = Array.from({ length: 5 }, () => WORDS[chance(WORDS.length)] ?? "");
  return `${words.join("-")}-${10 + chance(90)}`;
}

/** An even draw below a bound: numbers that would favour the first few are thrown away. */
function drawn(below: number): number {
  const box = new Uint32Array(1);
  const most = Math.floor(2 ** 32 / below) * below;
  do crypto.getRandomValues(box);
  while ((box[0] ?? 0) >= most);
  return (box[0] ?? 0) % below;
}
