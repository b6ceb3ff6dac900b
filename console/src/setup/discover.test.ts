import { describe, expect, it } from "vitest";
import { itemsInEvents } from "./discover";

describe("items that events speak of", () => {
  it("are found in a product view, a video and a song", () => {
    const found = itemsInEvents([
      { name: "Product Viewed", properties: { product_id: "P-1", name: "Mug", price: 120, brand: "Kiln" } },
      { name: "Video Content Started", properties: { content_asset_id: "V-1", title: "Alien", genre: "Sci-Fi" } },
      { name: "Song Played", properties: { asset_id: "S-1", title: "月亮", artist: "Mei" } },
    ]);
    expect(found).toEqual([
      { item_id: "P-1", kind: "product", title: "Mug", attributes: { brand: "Kiln", price: 120 } },
      { item_id: "V-1", kind: "video", title: "Alien", attributes: { genre: "Sci-Fi" } },
      { item_id: "S-1", kind: "song", title: "月亮", attributes: { artist: "Mei" } },
    ]);
  });

  it("are found inside an order, each once, with the better title", () => {
    const found = itemsInEvents([
      { name: "Order Completed", properties: { order_id: "1", products: [{ product_id: 7 }, { product_id: "8", name: "Bowl" }] } },
      { name: "Product Viewed", properties: { product_id: "7", name: "Plate", category: "Table" } },
    ]);
    expect(found).toEqual([
      { item_id: "7", kind: "product", title: "Plate", attributes: { category: "Table" } },
      { item_id: "8", kind: "product", title: "Bowl", attributes: {} },
    ]);
  });

  it("are none when events name none, or nonsense", () => {
    expect(itemsInEvents([{ name: "Page", properties: { path: "/" } }, { name: "x", properties: { product_id: {}, products: "no" } }, { name: "y", properties: { product_id: "" } }])).toEqual([]);
  });
});
