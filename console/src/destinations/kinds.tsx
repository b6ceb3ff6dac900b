import { IconBroadcast, IconDatabaseExport, IconFileTypeCsv, IconMessage, IconPlugConnected, IconWebhook, type TablerIcon } from "@tabler/icons-react";

const ICONS: Record<string, TablerIcon> = { webhook: IconWebhook, slack: IconMessage, parquet: IconDatabaseExport, csv_drop: IconFileTypeCsv, http_audience: IconBroadcast };

/** The sign of a kind or a preset; another package's kinds share one. */
export const iconOf = (key: string): TablerIcon => ICONS[key] ?? IconPlugConnected;
