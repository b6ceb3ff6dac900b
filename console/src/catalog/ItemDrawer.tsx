import { Button, Switch, TagsInput, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ChartSkeleton, CopyText, Drawer, ErrorState, tell, TextSkeleton, withUndo } from "../shared";
import { get, type Item, put, remove, type Slate } from "../shared/api";
import { type AttributeLine, attributesOf, lineOf } from "./attributes";
import { Cover, coverItem } from "./Cover";
import css from "./ItemDrawer.module.css";
import { itemQuery } from "./queries";
import { spokenTitle, tagsOf } from "./tags";

const SIMILAR = 8;

interface ItemDrawerProps {
  item_id: string;
  onClose: () => void;
  onOpen: (item_id: string) => void;
}

/** One item: what it looks like, what is like it, and its fields to change. */
export function ItemDrawer({ item_id, onClose, onOpen }: ItemDrawerProps) {
  const { t } = useTranslation("catalog");
  const item = useQuery(itemQuery(item_id));
  return (
    <Drawer title={item.data ? spokenTitle(item.data.title) : t("item")} subtitle={<CopyText text={item_id} />} onClose={onClose} width={560}>
      {item.isPending && <TextSkeleton lines={8} />}
      {item.error && <ErrorState error={item.error} retry={() => void item.refetch()} />}
      {item.data && (
        <div className={css.parts}>
          <div className={css.top}>
            <div className={css.cover}><Cover item={item.data} shape="poster" /></div>
            <div>
              <p className={css.kind}>{item.data.kind}</p>
              <ul className={css.tags}>{tagsOf(item.data).map((tag) => <li key={`${tag.kind}${tag.value}`} title={tag.kind}>{tag.value}</li>)}</ul>
            </div>
          </div>
          <Similar item_id={item_id} onOpen={onOpen} />
          <Fields key={item.data.updated_at} item={item.data} onClose={onClose} />
        </div>
      )}
    </Drawer>
  );
}

function Similar({ item_id, onOpen }: { item_id: string; onOpen: (item_id: string) => void }) {
  const { t } = useTranslation("catalog");
  const similar = useQuery({
    queryKey: ["recommend", "similar", item_id],
    queryFn: ({ signal }) => get<Slate>(`/v1/recommend/similar/${encodeURIComponent(item_id)}`, { count: SIMILAR }, signal),
  });
  return (
    <section>
      <h3 className={css.head}>{t("similar.title")}</h3>
      {similar.isPending && <ChartSkeleton height={116} />}
      {similar.error && <ErrorState size="small" error={similar.error} retry={() => void similar.refetch()} />}
      {similar.data?.items.length === 0 && <p className={css.nothing}>{t("similar.none")}</p>}
      {similar.data && (
        <ul className={css.similar}>
          {similar.data.items.map((shown) => (
            <li key={shown.item_id}>
              <button type="button" className={css.near} title={spokenTitle(shown.title)} aria-label={spokenTitle(shown.title)} onClick={() => onOpen(shown.item_id)}><Cover item={coverItem(shown)} shape="poster" /></button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Fields({ item, onClose }: { item: Item; onClose: () => void }) {
  const { t } = useTranslation("catalog");
  const client = useQueryClient();
  const [title, setTitle] = useState(item.title);
  const [kind, setKind] = useState(item.kind);
  const [available, setAvailable] = useState(item.available);
  const [tags, setTags] = useState<string[]>(item.tags);
  const [lines, setLines] = useState<AttributeLine[]>(() => Object.entries(item.attributes).map(([name, value]) => lineOf(name, value)));
  const { attributes, wrong } = attributesOf(lines);
  const { item_id, updated_at: _updated, ...rest } = item;
  const path = `/v1/catalog/items/${encodeURIComponent(item_id)}`;
  const refresh = () => void client.invalidateQueries({ queryKey: ["catalog"] });
  const save = useMutation({
    mutationFn: () => put<Item>(path, { ...rest, title: title.trim(), kind: kind.trim(), available, tags, attributes }),
    onSuccess: () => {
      tell(t("saved", { title: title.trim() }));
      refresh();
    },
  });
  const drop = () => {
    onClose();
    withUndo({ message: t("removed", { title: item.title }), show: () => undefined, back: () => undefined, commit: () => remove(path, { keepalive: true }).then(refresh) });
  };
  const change = (at: number, next: Partial<AttributeLine>) => setLines((before) => before.map((line, index) => (index === at ? { ...line, ...next } : line)));
  return (
    <form
      className={css.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (title.trim() && kind.trim() && wrong.length === 0) save.mutate();
      }}
    >
      <h3 className={css.head}>{t("edit.title")}</h3>
      <TextInput label={t("column.title")} value={title} onChange={(event) => setTitle(event.currentTarget.value)} error={title.trim() ? undefined : t("edit.title_needed")} />
      <TextInput label={t("column.kind")} value={kind} onChange={(event) => setKind(event.currentTarget.value)} error={kind.trim() ? undefined : t("edit.kind_needed")} />
      <Switch label={t("available")} checked={available} onChange={(event) => setAvailable(event.currentTarget.checked)} />
      <TagsInput label={t("column.tags")} value={tags} onChange={setTags} />
      <fieldset className={css.attributes}>
        <legend>{t("edit.attributes")}</legend>
        {lines.map((line, at) => (
          <div key={at} className={css.line}>
            <TextInput aria-label={t("edit.attribute_name")} value={line.name} onChange={(event) => change(at, { name: event.currentTarget.value })} />
            <TextInput aria-label={line.name || t("edit.attribute_value")} value={line.text} onChange={(event) => change(at, { text: event.currentTarget.value })} error={wrong.includes(line.name.trim()) ? t(`edit.wrong_${line.was}` as "edit.wrong_number") : undefined} />
          </div>
        ))}
        <Button type="button" variant="subtle" size="compact-sm" leftSection={<IconPlus size={14} stroke={1.5} />} onClick={() => setLines((before) => [...before, { name: "", text: "", was: "text" }])}>{t("edit.add")}</Button>
      </fieldset>
      {save.error && <ErrorState size="small" error={save.error} />}
      <div className={css.actions}>
        <Button type="button" variant="subtle" color="red" leftSection={<IconTrash size={16} stroke={1.5} />} onClick={drop}>{t("remove")}</Button>
        <Button type="submit" loading={save.isPending}>{t("save")}</Button>
      </div>
    </form>
  );
}
