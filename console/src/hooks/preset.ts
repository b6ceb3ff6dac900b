import { useTranslation } from "react-i18next";

/** What a ready hook is called in the reader's language; one that a newer shop brings, as the shop calls it. */
export function usePresetTitle() {
  const { t, i18n } = useTranslation("hooks");
  return ({ name, title }: { name: string; title: string }): string => (i18n.exists(`hooks:preset.${name}`) ? t(`preset.${name}` as "preset.shopify_orders") : title);
}
