/**
 * The browser snippet: `<script async src="https://your.shop/regulars.js"></script>`.
 *
 * Calls made before it has loaded wait in `window.regulars = []`; a page written for Segment finds the same calls under
 * `window.analytics`, unless Segment's own SDK is there.
 */

import { install } from "./install";

install(window as { regulars?: unknown; analytics?: unknown }, document.currentScript as HTMLScriptElement | null);
