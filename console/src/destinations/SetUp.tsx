import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Section, useFormat } from "../shared";
import type { AudienceRule, Destination } from "../shared/api";
import lists from "./Lists.module.css";
import { writeTrait } from "./rule";
import css from "./SetUp.module.css";
import { useWords } from "./words";

const shown = (value: unknown): string => (Array.isArray(value) ? value.join(", ") : value && typeof value === "object" ? Object.entries(value).map(([name, each]) => `${name}: ${String(each)}`).join(", ") : String(value));

/** What was said about a destination; secrets are only said to be set. */
export function SetUp({ destination }: { destination: Destination }) {
  const { t } = useTranslation("destinations");
  const words = useWords();
  const format = useFormat();
  const { settings, events, pace, audience, schedule, feed } = destination;
  const facts: [string, ReactNode][] = Object.entries(settings).map(([name, value]) => [words.field(destination.kind, name, {}), <code key={name}>{shown(value)}</code>]);
  return (
    <div className={lists.stack}>
      <Section title={t("setup.settings")}>
        <Facts facts={[...facts, [t("setup.signed"), destination.signed ? t("setup.signed_yes") : t("setup.signed_no")], ...(destination.old_secret_until ? [[t("one.rotate"), t("secret.until", { when: format.moment(destination.old_secret_until) })] as [string, ReactNode]] : []), [t("setup.made"), format.moment(destination.created_at)], [t("setup.changed"), format.moment(destination.changed_at)]]} />
      </Section>
      {feed === "events" && (
        <Section title={t("setup.events")}>
          <Facts
            facts={[
              [t("form.names"), events.names.join(", ") || t("setup.all_events")],
              ...(events.condition ? [[t("form.condition"), <code key="condition">{events.condition}</code>] as [string, ReactNode]] : []),
              [t("form.pace"), t("setup.pace", { requests: pace.requests_max, batch: pace.batch_max })],
              ...(pace.keep_order ? [[t("form.keep_order"), t("form.keep_order_hint")] as [string, ReactNode]] : []),
            ]}
          />
        </Section>
      )}
      {audience && <Section title={t("setup.who")}><Rule rule={audience} schedule={schedule.every_h === 0 ? t("setup.manual") : t("setup.every", { count: schedule.every_h })} /></Section>}
    </div>
  );
}

function Rule({ rule, schedule }: { rule: AudienceRule; schedule: string }) {
  const { t } = useTranslation("destinations");
  const all: [string, string][] = [
    [t("who.consent"), rule.consent], [t("who.seen_within_days"), String(rule.seen_within_days ?? "")], [t("who.unseen_for_days"), String(rule.unseen_for_days ?? "")],
    [t("who.did"), rule.did.join(", ")], [t("who.likes"), rule.likes.join(", ")], [t("who.traits"), rule.traits.map(writeTrait).join(", ")], [t("who.countries"), rule.countries.join(", ")], [t("form.schedule"), schedule],
  ];
  return <Facts facts={all.filter(([, value]) => value)} />;
}

function Facts({ facts }: { facts: readonly [string, ReactNode][] }) {
  return <dl className={css.facts}>{facts.map(([name, value]) => [<dt key={`${name}-name`}>{name}</dt>, <dd key={name}>{value}</dd>])}</dl>;
}
