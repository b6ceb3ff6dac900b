import { Button, Switch } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconBell, IconCircleCheck, IconPlus } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { EventsTabs } from "../events/Tabs";
import { useMay } from "../session/session";
import { DataTable, EmptyState, ErrorState, Page, Section, type TableColumn, TableSkeleton, tellProblem, TimeAgo, useFormat } from "../shared";
import type { Alert, AlertRule } from "../shared/api";
import css from "./AlertsPage.module.css";
import { acknowledge, alertsQuery, changeRule, rulesQuery } from "./queries";
import { RuleDrawer } from "./RuleDrawer";
import { useAlertWords } from "./words";

export function AlertsPage() {
  const { t } = useTranslation("alerts");
  const { rule } = useSearch({ from: "/shell/events/alerts" });
  const navigate = useNavigate({ from: "/events/alerts" });
  const may = useMay("marketer");
  const alerts = useQuery(alertsQuery);
  const rules = useQuery(rulesQuery);
  const open = (rule_id: string | undefined) => void navigate({ search: rule_id ? { rule: rule_id } : {}, replace: true });
  const lasting = (alerts.data?.items ?? []).filter((alert) => !alert.cleared_at);
  const over = (alerts.data?.items ?? []).filter((alert) => alert.cleared_at);
  const chosen = rules.data?.find((each) => each.rule_id === rule);
  return (
    <Page title={t("title")} question={t("question")} tools={may && <Button leftSection={<IconPlus size={16} stroke={1.5} />} onClick={() => open("new")}>{t("new")}</Button>}>
      <EventsTabs now="alerts" />
      {alerts.isPending && <Section flush><TableSkeleton rows={3} columns={3} /></Section>}
      {alerts.error && !alerts.data && <ErrorState error={alerts.error} retry={() => void alerts.refetch()} />}
      {alerts.data && <Lasting alerts={lasting} />}
      <Section flush title={t("rules")} hint={t("rules_hint")}>
        {rules.isPending && <TableSkeleton rows={4} columns={4} />}
        {rules.error && !rules.data && <ErrorState error={rules.error} size="small" retry={() => void rules.refetch()} />}
        {rules.data && <Rules rules={rules.data} onOpen={open} open={rule} />}
      </Section>
      {over.length > 0 && (
        <Section flush title={t("over")}>
          <Over alerts={over} />
        </Section>
      )}
      {may && rule && (rule === "new" || chosen) && <RuleDrawer key={rule} rule={chosen} onClose={() => open(undefined)} />}
    </Page>
  );
}

/** What is wrong now, in sentences. */
function Lasting({ alerts }: { alerts: readonly Alert[] }) {
  const { t } = useTranslation("alerts");
  const format = useFormat();
  const words = useAlertWords();
  const client = useQueryClient();
  const may = useMay("marketer");
  if (alerts.length === 0)
    return (
      <Section>
        <EmptyState size="small" icon={<IconCircleCheck size={22} stroke={1.5} />} title={t("calm")} text={t("calm_text")} />
      </Section>
    );
  const see = (alert_id: string) => void acknowledge(alert_id).then(() => client.invalidateQueries({ queryKey: ["alerts"] }), tellProblem);
  return (
    <ul className={css.lasting}>
      {alerts.map((alert) => (
        <li key={alert.alert_id} className={css.alert} data-seen={alert.acknowledged_at ? true : undefined}>
          <IconBell size={20} stroke={1.5} aria-hidden />
          <div className={css.words}>
            <p className={css.sentence}>{words.alert(alert)}</p>
            <p className={css.more}>
              {t("since")} <TimeAgo at={alert.raised_at} />
              {alert.rule.kind !== "silence" && <> · {t("worst", { value: alert.rule.kind === "share" ? format.percent(alert.worst / 100) : format.number(alert.worst) })}</>}
              {alert.acknowledged_by && <> · {t("seen_by", { who: alert.acknowledged_by })}</>}
            </p>
          </div>
          {may && !alert.acknowledged_at && <Button variant="default" size="xs" onClick={() => see(alert.alert_id)}>{t("acknowledge")}</Button>}
        </li>
      ))}
    </ul>
  );
}

const NARROW_PX = 560;
const useNarrow = () => useMediaQuery(`(max-width: ${NARROW_PX}px)`) ?? false;

function Rules({ rules, onOpen, open }: { rules: readonly AlertRule[]; onOpen: (rule_id: string) => void; open: string | undefined }) {
  const { t } = useTranslation("alerts");
  const words = useAlertWords();
  const format = useFormat();
  const client = useQueryClient();
  const may = useMay("marketer");
  const narrow = useNarrow();
  const columns = useMemo<TableColumn<AlertRule>[]>(() => {
    const turn = (each: AlertRule, is_on: boolean) => void changeRule(each.rule_id, { ...each.rule, is_on }).then(() => client.invalidateQueries({ queryKey: ["alerts"] }), tellProblem);
    const reading = ({ rule, value }: AlertRule) => (value === null || !rule.is_on ? "–" : rule.kind === "share" ? format.percent(value / 100, 2) : rule.kind === "count" ? format.number(value) : t("minutes", { count: Math.round(value) }));
    return [
      { key: "rule", title: t("column.rule"), width: narrow ? 200 : 380, value: (each) => words.rule(each.rule, each.source_name), cell: (each) => <span className={css.rule} data-raised={each.is_raised || undefined}>{words.rule(each.rule, each.source_name)}</span> },
      { key: "now", title: t("column.now"), width: 90, align: "end", hideBelow: NARROW_PX, value: (each) => each.value, cell: (each) => <span className={css.reading}>{reading(each)}</span> },
      { key: "looked", title: t("column.looked"), width: 90, hideBelow: 900, value: (each) => each.looked_at, cell: (each) => (each.looked_at ? <TimeAgo at={each.looked_at} /> : <span className={css.reading}>–</span>) },
      {
        key: "on", title: t("column.on"), width: 70, sortable: false, value: (each) => each.rule.is_on,
        cell: (each) => (
          <span onClick={(event) => event.stopPropagation()}>
            <Switch checked={each.rule.is_on} disabled={!may} aria-label={words.rule(each.rule, each.source_name)} onChange={(event) => turn(each, event.currentTarget.checked)} />
          </span>
        ),
      },
    ];
  }, [t, words, format, client, may]);
  const bySource = useMemo(() => rules.toSorted((one, other) => one.source_name.localeCompare(other.source_name)), [rules]);
  return <DataTable label={t("rules")} columns={columns} rows={bySource} rowKey={(each) => each.rule_id} rowHeight={48} {...(may ? { onOpen: (each: AlertRule) => onOpen(each.rule_id) } : {})} openKey={open ?? null} empty={<EmptyState size="small" title={t("no_rules")} text={t("no_rules_text")} />} />;
}

function Over({ alerts }: { alerts: readonly Alert[] }) {
  const { t } = useTranslation("alerts");
  const words = useAlertWords();
  const format = useFormat();
  const narrow = useNarrow();
  const columns = useMemo<TableColumn<Alert>[]>(
    () => [
      { key: "what", title: t("column.what"), width: narrow ? 190 : 340, value: words.alert, cell: (alert) => <span className={css.rule}>{words.alert(alert)}</span> },
      { key: "raised", title: t("column.raised"), width: 130, value: (alert) => alert.raised_at, cell: (alert) => format.moment(alert.raised_at) },
      { key: "lasted", title: t("column.lasted"), width: 90, align: "end", hideBelow: 720, value: (alert) => lasted(alert), cell: (alert) => format.duration(lasted(alert)) },
      { key: "seen", title: t("column.seen"), width: 110, hideBelow: 900, value: (alert) => alert.acknowledged_by },
    ],
    [t, words, format],
  );
  return <DataTable label={t("over")} columns={columns} rows={alerts} rowKey={(alert) => alert.alert_id} />;
}

const lasted = (alert: Alert): number => new Date(alert.cleared_at ?? alert.raised_at).getTime() - new Date(alert.raised_at).getTime();
