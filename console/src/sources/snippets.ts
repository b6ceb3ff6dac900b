/** What to paste, per stack, with the key already in it. */
export const STACKS = ["regulars", "segment", "python", "node", "curl"] as const;
export type Stack = (typeof STACKS)[number];
export const STACK_NAMES: Record<Stack, string> = {
  regulars: "regulars.js", segment: "Segment", python: "Python", node: "Node.js", curl: "curl",
};

/** Code for one stack. `host` is this shop's own address, e.g. `https://shop.example.com`. */
export function snippet(stack: Stack, key: string, host: string): string {
  return WRITE[stack](key, host);
}

/** The first stack somebody with this kind of source would reach for. */
export const stackFor = (kind: string): Stack => (kind === "web" ? "regulars" : kind === "server" ? "python" : "curl");

const WRITE: Record<Stack, (key: string, host: string) => string> = {
  regulars: (key, host) => `<script>
  window.regulars = window.regulars || [];
  regulars.push(["load", "${key}", { host: "${host}" }], ["page"]);
</script>
<script async src="${host}/regulars.js"></script>`,
  segment: (key, host) => `import { AnalyticsBrowser } from "@segment/analytics-next";

const analytics = AnalyticsBrowser.load(
  { writeKey: "${key}", cdnURL: "${host}" },
  { integrations: { "Segment.io": { apiHost: "${new URL(host).host}/v1", protocol: "${new URL(host).protocol.slice(0, -1)}" } } },
);
analytics.page();`,
  python: (key, host) => `# pip install segment-analytics-python
from segment.analytics.client import Client

analytics = Client("${key}", host="${host}")
analytics.track("ann", "Product Viewed", {"product_id": "P-12", "name": "Blue mug"})
analytics.flush()`,
  node: (key, host) => `// npm install @segment/analytics-node
import { Analytics } from "@segment/analytics-node";

const analytics = new Analytics({ writeKey: "${key}", host: "${host}" });
analytics.track({
  userId: "ann",
  event: "Product Viewed",
  properties: { product_id: "P-12", name: "Blue mug" },
});
await analytics.closeAndFlush();`,
  curl: (key, host) => `curl ${host}/v1/track -u ${key}: \\
  -H 'Content-Type: application/json' \\
  -d '{"userId": "ann", "event": "Product Viewed",
       "properties": {"product_id": "P-12", "name": "Blue mug"}}'`,
};
