import { Button } from "@mantine/core";
import { IconMailOff, IconRefresh, IconTrash } from "@tabler/icons-react";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../session/session";
import { ConfirmTyped, DataTable, Drawer, EmptyState, ErrorState, inWords, Section, Snippet, type TableColumn, TableSkeleton, tell, tellProblem, TimeAgo, useFormat } from "../shared";
import { type DeadLetter, type Destination, post, remove } from "../shared/api";
import css from "./Lists.module.css";
import { More } from "./More";
import { ALL, lettersQuery } from "./queries";

/** What was given up on: why, in the other side's own words, and the way to send it again. */
export function Letters({ destination }: { destination: Destination }) {
  const { t } = useTranslation("destinations");
  const [marketer, admin] = [useMay("marketer"), useMay("admin")];
  const query = useInfiniteQuery(lettersQuery(destination.destination_id));
  const [open, setOpen] = useState<number | null>(null);
  const [discarding, setDiscarding] = useState(false);
  const columns = useColumns();
  const { retryAll, discardAll } = useAll(destination, () => setDiscarding(false));
  const rows = query.data?.pages.flatMap((page) => page.items) ?? [];
  const opened = rows.find((each) => each.letter_id === open);
  const count = destination.health.dead_letters;
  return (
    <Section flush>
      {rows.length > 0 && marketer && (
        <div className={css.tools}>
          <Button variant="default" size="compact-sm" leftSection={<IconRefresh size={14} stroke={1.5} />} loading={retryAll.isPending} onClick={() => retryAll.mutate()}>{t("letters.retry_all")}</Button>
          {admin && <Button variant="subtle" color="red" size="compact-sm" leftSection={<IconTrash size={14} stroke={1.5} />} onClick={() => setDiscarding(true)}>{t("letters.discard_all")}</Button>}
        </div>
      )}
      {query.isPending && <TableSkeleton rows={5} />}
      {query.error && !query.data && <ErrorState size="small" error={query.error} retry={() => void query.refetch()} />}
      {query.data && (
        <DataTable
          label={t("tab.letters")} columns={columns} rows={rows} rowKey={(each) => String(each.letter_id)} onOpen={(each) => setOpen(each.letter_id)} openKey={open === null ? null : String(open)}
          empty={<EmptyState size="small" icon={<IconMailOff size={22} stroke={1.5} />} title={t("letters.empty")} text={t("letters.empty_text")} />}
          foot={query.hasNextPage ? <More query={query} /> : undefined}
        />
      )}
      {opened && <LetterDrawer destination={destination} letter={opened} onClose={() => setOpen(null)} />}
      {discarding && (
        <Drawer title={t("letters.discard_all")} subtitle={destination.name} onClose={() => setDiscarding(false)}>
          <ConfirmTyped text={t("letters.discard_text", { count })} label={t("letters.discard_label", { count })} word={String(count)} button={t("letters.discard_all")} busy={discardAll.isPending} onConfirm={() => discardAll.mutate()} onCancel={() => setDiscarding(false)} />
        </Drawer>
      )}
    </Section>
  );
}

function useAll({ destination_id }: Destination, done: () => void) {
  const { t } = useTranslation("destinations");
  const client = useQueryClient();
  const path = `/v1/destinations/${destination_id}/dead-letters`;
  const retryAll = useMutation({
    mutationFn: () => post<{ count: number }>(`${path}/retry`),
    onSuccess: ({ count }) => { tell(t("letters.retried", { count })); void client.invalidateQueries(ALL); },
    onError: tellProblem,
  });
  const discardAll = useMutation({
    mutationFn: () => post<{ count: number }>(`${path}/discard`),
    onSuccess: ({ count }) => { tell(t("letters.discarded", { count })); void client.invalidateQueries(ALL); done(); },
    onError: tellProblem,
  });
  return { retryAll, discardAll };
}

function useColumns(): TableColumn<DeadLetter>[] {
  const { t } = useTranslation("destinations");
  const format = useFormat();
  return useMemo(
    () => [
      { key: "event", title: t("letters.event"), width: 160, value: (each) => each.name },
      { key: "dead_at", title: t("letters.dead_at"), width: 110, value: (each) => each.dead_at, cell: (each) => <TimeAgo at={each.dead_at} /> },
      { key: "tries", title: t("letters.tries"), width: 70, align: "end", hideBelow: 620, value: (each) => each.tries, cell: (each) => format.number(each.tries) },
      { key: "sentence", title: t("letters.sentence"), width: 300, hideBelow: 620, value: (each) => inWords(each.said, each.sentence), cell: (each) => <span className={css.sentence} title={inWords(each.said, each.sentence)}>{inWords(each.said, each.sentence)}</span> },
    ],
    [t, format],
  );
}

function LetterDrawer({ destination, letter, onClose }: { destination: Destination; letter: DeadLetter; onClose: () => void }) {
  const { t } = useTranslation("destinations");
  const format = useFormat();
  const client = useQueryClient();
  const [marketer, admin] = [useMay("marketer"), useMay("admin")];
  const path = `/v1/destinations/${destination.destination_id}/dead-letters/${letter.letter_id}`;
  const over = (message: string) => () => { tell(message); void client.invalidateQueries(ALL); onClose(); };
  const retry = useMutation({ mutationFn: () => post(`${path}/retry`), onSuccess: over(t("letters.retried", { count: 1 })), onError: tellProblem });
  const discard = useMutation({ mutationFn: () => remove(path), onSuccess: over(t("letters.discarded", { count: 1 })), onError: tellProblem });
  return (
    <Drawer title={letter.name} subtitle={inWords(letter.said, letter.sentence)} onClose={onClose} width={600}>
      <dl className={css.facts}>
        <dt>{t("letters.occurred")}</dt><dd>{format.moment(letter.occurred_at)}</dd>
        <dt>{t("letters.queued")}</dt><dd>{format.moment(letter.queued_at)}</dd>
        <dt>{t("letters.dead_at")}</dt><dd>{format.moment(letter.dead_at)}</dd>
        <dt>{t("letters.tries")}</dt><dd>{format.number(letter.tries)}</dd>
        <dt>{t("delivery.status")}</dt><dd>{letter.status ?? t("delivery.nothing")}</dd>
      </dl>
      {letter.answer && <><p className={css.label}>{t("letters.answer")}</p><Snippet code={letter.answer} label={t("letters.answer")} /></>}
      <p className={css.label}>{t("letters.sent")}</p>
      <Snippet code={JSON.stringify(letter.event, null, 2)} label={t("letters.sent")} />
      <div className={css.buttons}>
        {marketer && <Button leftSection={<IconRefresh size={16} stroke={1.5} />} loading={retry.isPending} onClick={() => retry.mutate()}>{t("letters.retry")}</Button>}
        {admin && <Button variant="subtle" color="red" leftSection={<IconTrash size={16} stroke={1.5} />} loading={discard.isPending} onClick={() => discard.mutate()}>{t("letters.discard")}</Button>}
      </div>
    </Drawer>
  );
}
