import { useTranslation } from "react-i18next";
import { useShop } from "../session/session";
import { CopyText } from "../shared/Copyable";
import { useFormat } from "../shared/format";
import { Section } from "../shared/Page";
import { TextSkeleton } from "../shared/Skeletons";
import css from "./form.module.css";

/** What this shop is, and where its other doors are. */
export function ShopPanel() {
  const { t } = useTranslation("settings");
  const shop = useShop();
  const format = useFormat();
  if (!shop) return <TextSkeleton />;
  return (
    <div className={css.stack}>
      <Section title={t("shop.title")}>
        <dl className={css.facts}>
          <dt>{t("shop.name")}</dt>
          <dd>{shop.shop_name}</dd>
          <dt>{t("shop.version")}</dt>
          <dd>Regulars {shop.version}</dd>
          <dt>{t("shop.address")}</dt>
          <dd><CopyText text={window.location.origin} /></dd>
          <dt>{t("shop.zone")}</dt>
          <dd>{t("shop.zone_text", { zone: format.timeZone })}</dd>
          {shop.demo && (
            <>
              <dt>{t("shop.demo")}</dt>
              <dd><a href={`/demo/${shop.demo}`}>{t("shop.demo_page")}</a></dd>
            </>
          )}
        </dl>
      </Section>
      <Section title={t("shop.doors")} hint={t("shop.doors_text")}>
        <dl className={css.facts}>
          {(["/schema", "/metrics", "/healthz", "/readyz"] as const).map((path) => (
            <DoorLine key={path} path={path} />
          ))}
        </dl>
      </Section>
    </div>
  );
}

function DoorLine({ path }: { path: "/schema" | "/metrics" | "/healthz" | "/readyz" }) {
  const { t } = useTranslation("settings");
  return (
    <>
      <dt><a href={path} target="_blank" rel="noreferrer"><code>{path}</code></a></dt>
      <dd>{t(`shop.door.${path.slice(1) as "schema"}`)}</dd>
    </>
  );
}
