import { useTranslation } from "react-i18next";

/** What a ready mapping is called in the reader's language; one that a newer shop brings, as the shop calls it. */
export function usePresetTitle() {
  const { t, i18n } = useTranslation("imports");
  return ({ name, title }: { name: string; title: string }): string => (i18n.exists(`imports:preset.${name}`) ? t(`preset.${name}` as "preset.shopify_orders") : title);
}
