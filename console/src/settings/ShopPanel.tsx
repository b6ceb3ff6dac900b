import { Button, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSaid } from "../said/said";
import { setupQuery, useMay, useShop } from "../session/session";
import { get, patch, type Shop } from "../shared/api";
import { CopyText } from "../shared/Copyable";
import { DataTable, type TableColumn } from "../shared/DataTable";
import { ErrorState } from "../shared/ErrorState";
import { useFormat } from "../shared/format";
import { Section } from "../shared/Page";
import { TableSkeleton, TextSkeleton } from "../shared/Skeletons";
import { tell, tellProblem } from "../shared/toast";
import css from "./form.module.css";

type ShopSetting = Shop["settings"][number];
const SHOP = ["shop"] as const;

/** What this shop is called, how it is set, and where its other doors are. */
export function ShopPanel() {
  const { t } = useTranslation("settings");
  const shop = useShop();
  const admin = useMay("admin");
  const format = useFormat();
  if (!shop) return <TextSkeleton />;
  return (
    <div className={css.stack}>
      <Section title={t("shop.title")}>
        {admin && <ShopName key={shop.shop_name} name={shop.shop_name} />}
        <dl className={css.facts}>
          {!admin && (
            <>
              <dt>{t("shop.name")}</dt>
              <dd>{shop.shop_name}</dd>
            </>
          )}
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
      {admin && <ShopSettings />}
      <Section title={t("shop.doors")} hint={t("shop.doors_text")}>
        <dl className={css.facts}>
          {(["schema", "metrics", "healthz", "readyz"] as const).map((door) => (
            <DoorLine key={door} door={door} />
          ))}
        </dl>
      </Section>
    </div>
  );
}

function ShopName({ name: kept }: { name: string }) {
  const { t } = useTranslation("settings");
  const queryClient = useQueryClient();
  const [name, setName] = useState(kept);
  const rename = useMutation({
    mutationFn: () => patch<Shop>("/v1/shop", { name: name.trim() }),
    onSuccess: () => {
      void queryClient.invalidateQueries({ queryKey: setupQuery.queryKey });
      tell(t("me.saved"));
    },
    onError: tellProblem,
  });
  const changed = name.trim() !== kept && name.trim() !== "";
  return (
    <form className={css.form} style={{ marginBottom: 20 }} onSubmit={(event) => { event.preventDefault(); rename.mutate(); }}>
      <TextInput label={t("shop.name")} value={name} required maxLength={120} onChange={(event) => setName(event.currentTarget.value)} rightSectionWidth={84} rightSection={changed && <Button type="submit" size="compact-sm" variant="subtle" loading={rename.isPending}>{t("me.save")}</Button>} />
    </form>
  );
}

/** The settings this shop runs with, and where each was set. */
function ShopSettings() {
  const { t } = useTranslation("settings");
  const said = useSaid();
  const query = useQuery({ queryKey: SHOP, queryFn: ({ signal }) => get<Shop>("/v1/shop", undefined, signal) });
  const columns = useMemo<TableColumn<ShopSetting>[]>(
    () => [
      { key: "name", title: t("shop.setting"), width: 200, value: (each) => `${each.section}.${each.name}`, cell: (each) => <span className={css.setting}><code className={css.code}>{each.section}.{each.name}</code><span className={css.means}>{said.setting(each.section, each.name, each.description)}</span></span> },
      { key: "value", title: t("shop.value"), width: 130, value: (each) => each.value, cell: (each) => <code className={css.code}>{String(each.value)}</code> },
      { key: "origin", title: t("shop.origin"), width: 110, hideBelow: 620, value: (each) => each.origin, cell: (each) => <span data-muted={each.origin === "default" || undefined}>{said.origin(each.origin)}</span> },
      { key: "description", title: t("shop.meaning"), width: 320, hideBelow: 900, sortable: false, value: (each) => said.setting(each.section, each.name, each.description), cell: (each) => <span className={css.means}>{said.setting(each.section, each.name, each.description)}</span> },
    ],
    [t, said],
  );
  return (
    <Section flush title={t("shop.settings")} hint={t("shop.settings_text")}>
      {query.isPending && <TableSkeleton rows={6} columns={3} />}
      {query.error && <ErrorState error={query.error} retry={() => void query.refetch()} size="small" />}
      {query.data && <DataTable label={t("shop.settings")} columns={columns} rowHeight={44} rows={query.data.settings} rowKey={(each) => `${each.section}.${each.name}`} />}
    </Section>
  );
}

function DoorLine({ door }: { door: "schema" | "metrics" | "healthz" | "readyz" }) {
  const { t } = useTranslation("settings");
  return (
    <>
      <dt><a href={`/${door}`} target="_blank" rel="noreferrer"><code>/{door}</code></a></dt>
      <dd>{t(`shop.door.${door}`)}</dd>
    </>
  );
}
