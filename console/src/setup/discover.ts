/** Items that events speak of: a first catalogue for a shop that has no file of it at hand. Pure. */
export interface FoundItem {
  item_id: string;
  kind: "product" | "video" | "song";
  title: string;
  attributes: Record<string, string | number>;
}

const IDS: readonly [string, FoundItem["kind"]][] = [
  ["product_id", "product"],
  ["content_asset_id", "video"],
  ["asset_id", "video"],
  ["item_id", "product"],
];
const WORDS = ["genre", "artist", "brand", "category", "album", "publisher", "price", "year"] as const;

type Facts = Record<string, unknown>;

function itemIn(facts: Facts, eventName: string): FoundItem | null {
  const found = IDS.find(([key]) => typeof facts[key] === "string" || typeof facts[key] === "number");
  if (!found) return null;
  const [key, kind] = found;
  const item_id = String(facts[key]);
  if (!item_id) return null;
  const title = [facts["name"], facts["title"]].find((each) => typeof each === "string" && each !== "");
  const attributes: FoundItem["attributes"] = {};
  for (const word of WORDS) {
    const value = facts[word];
    if (typeof value === "string" ? value !== "" : Number.isFinite(value)) attributes[word] = value as string | number; // just checked
  }
  return { item_id, kind: eventName.startsWith("Song ") ? "song" : kind, title: String(title ?? item_id), attributes };
}

/** Every item that these events name, each once; what says more (a real title, more attributes) wins. */
export function itemsInEvents(events: readonly { name: string; properties: Facts }[]): FoundItem[] {
  const found = new Map<string, FoundItem>();
  for (const { name, properties } of events) {
    const products = Array.isArray(properties["products"]) ? (properties["products"] as unknown[]) : [];
    const facts = [properties, ...products].filter((each): each is Facts => typeof each === "object" && each !== null);
    for (const each of facts) {
      const item = itemIn(each, name);
      if (!item) continue;
      const before = found.get(item.item_id);
      found.set(item.item_id, before ? richer(before, item) : item);
    }
  }
  return [...found.values()];
}

function richer(one: FoundItem, other: FoundItem): FoundItem {
  const title = one.title === one.item_id ? other.title : one.title;
  return { ...one, title, attributes: { ...other.attributes, ...one.attributes } };
}
