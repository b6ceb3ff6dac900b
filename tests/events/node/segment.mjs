// Sends what an ordinary shop sends, by Segment's own SDK: host, write key, then what to send.
import { Analytics } from "@segment/analytics-node";

const [host, writeKey, what] = process.argv.slice(2);
const analytics = new Analytics({ writeKey, host, path: "/v1/batch", flushAt: 10, maxRetries: 5 });
const problems = [];
analytics.on("error", (error) => problems.push(String(error.code ?? error)));

const calls = {
  every_call() {
    analytics.identify({ userId: "ann", traits: { plan: "gold", email: "ann@example.com" } });
    analytics.track({ userId: "ann", event: "Song Played", properties: { asset_id: "s1", position: 12 } });
    analytics.track({ anonymousId: "anon-1", event: "Product Viewed", properties: { product_id: "p1" } });
    analytics.page({ userId: "ann", name: "Home", properties: { url: "https://shop.example/" } });
    analytics.screen({ userId: "ann", name: "Player" });
    analytics.group({ userId: "ann", groupId: "family-1", traits: { size: 4 } });
    analytics.alias({ userId: "ann", previousId: "anon-1" });
  },
  many() {
    for (let number = 0; number < 95; number++)
      analytics.track({ userId: `u${number}`, event: "Song Played", properties: { number }, messageId: `m${number}` });
  },
  one() {
    analytics.track({ userId: "ann", event: "Song Played", properties: {}, messageId: "only" });
  },
};

calls[what]();
await analytics.closeAndFlush({ timeout: 20_000 });
process.stdout.write(JSON.stringify({ problems }));
