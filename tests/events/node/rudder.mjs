// Sends what an ordinary shop sends, by RudderStack's own SDK: host, write key, what to send, further options as JSON.
import RudderAnalytics from "@rudderstack/rudder-sdk-node";

const [dataPlaneUrl, writeKey, what, options = "{}"] = process.argv.slice(2);
const problems = [];
const answered = [];
const analytics = new RudderAnalytics(writeKey, {
  dataPlaneUrl,
  flushAt: 10,
  flushInterval: 200,
  logLevel: "none",
  errorHandler: (error) => problems.push(String(error.response?.status ?? error.code ?? error)),
  ...JSON.parse(options),
});
const told = (error) => answered.push(error ? "no" : "yes");

const calls = {
  every_call() {
    analytics.identify({ userId: "ann", traits: { plan: "gold", email: "ann@example.com" } }, told);
    analytics.track({ userId: "ann", event: "Song Played", properties: { asset_id: "s1", position: 12 } }, told);
    analytics.track({ anonymousId: "anon-1", event: "Product Viewed", properties: { product_id: "p1" } }, told);
    analytics.page({ userId: "ann", name: "Home", properties: { url: "https://shop.example/" } }, told);
    analytics.screen({ userId: "ann", name: "Player" }, told);
    analytics.group({ userId: "ann", groupId: "family-1", traits: { size: 4 } }, told);
    analytics.alias({ userId: "ann", previousId: "anon-1" }, told);
    return 7;
  },
  one() {
    analytics.track({ userId: "ann", event: "Song Played", properties: {}, messageId: "only" }, told);
    return 1;
  },
};

const expected = calls[what]();
const deadline = Date.now() + 30_000;
await analytics.flush().catch(() => undefined);
while (answered.length < expected && Date.now() < deadline) await new Promise((next) => setTimeout(next, 20));
process.stdout.write(JSON.stringify({ problems, answered }));
process.exit(0);
