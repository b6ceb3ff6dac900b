import { IconBrandAndroid, IconBrandApple, IconFileImport, IconServer, IconWebhook, IconWorld, type TablerIcon } from "@tabler/icons-react";
import type { SourceKind } from "../shared/api";

/** The kinds that one makes here; a webhook makes its own source. */
export const KINDS: readonly SourceKind[] = ["web", "ios", "android", "server", "import"];
export const KIND_ICONS: Record<SourceKind, TablerIcon> = {
  web: IconWorld, ios: IconBrandApple, android: IconBrandAndroid, server: IconServer, import: IconFileImport, hook: IconWebhook,
};
