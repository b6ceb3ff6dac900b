import { Modal } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { get, type SearchResult } from "../shared/api";
import css from "./Palette.module.css";
import { type Entry, type EntryGroup, narrowed } from "./palette-entries";
import { useEntries, useFound } from "./usePaletteEntries";

/** Search everywhere: customers by any identifier, items, pages, actions. */
export function Palette({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal opened={opened} onClose={onClose} withCloseButton={false} padding={0} size={600} centered={false} yOffset="10vh" radius={12} overlayProps={{ backgroundOpacity: 0.28 }}>
      {opened && <Search onClose={onClose} />}
    </Modal>
  );
}

const GROUPS: readonly EntryGroup[] = ["customers", "items", "pages", "actions"];

function Search({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("app");
  const id = useId();
  const [words, setWords] = useState("");
  const [at, setAt] = useState(0);
  const [asked] = useDebouncedValue(words.trim(), 120);
  const search = useQuery({
    queryKey: ["search", asked],
    queryFn: ({ signal }) => get<SearchResult>("/v1/search", { query: asked }, signal),
    enabled: asked.length > 0,
    placeholderData: keepPreviousData,
  });
  const own = useEntries();
  const found = useFound(asked ? search.data : undefined);
  const entries = useMemo(() => {
    const all = [...(words.trim() ? found : []), ...narrowed(own, words)];
    return GROUPS.flatMap((group) => all.filter((each) => each.group === group));
  }, [found, own, words]);
  const list = useRef<HTMLDivElement>(null);
  const active = Math.min(at, Math.max(0, entries.length - 1));
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }, [active]);
  const take = (entry: Entry | undefined) => {
    if (!entry) return;
    onClose();
    entry.run();
  };
  const press = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return; // Enter that ends a Chinese or Japanese word is not a choice
    if (event.key === "ArrowDown") setAt((active + 1) % Math.max(1, entries.length));
    else if (event.key === "ArrowUp") setAt((active - 1 + entries.length) % Math.max(1, entries.length));
    else if (event.key === "Enter") take(entries[active]);
    else return;
    event.preventDefault();
  };
  const waiting = words.trim() !== "" && (asked !== words.trim() || search.isFetching);
  return (
    <div className={css.palette}>
      <div className={css.field}>
        <IconSearch size={18} stroke={1.5} aria-hidden />
        <input
          className={css.input}
          data-autofocus
          role="combobox"
          aria-expanded
          aria-controls={`${id}-list`}
          aria-activedescendant={entries[active] ? `${id}-${entries[active].key}` : undefined}
          aria-label={t("search.open")}
          placeholder={t("search.hint")}
          value={words}
          onChange={(event) => { setWords(event.currentTarget.value); setAt(0); }}
          onKeyDown={press}
          spellCheck={false}
          autoComplete="off"
        />
        <kbd>Esc</kbd>
      </div>
      <div ref={list} id={`${id}-list`} role="listbox" aria-label={t("search.open")} className={css.list}>
        {GROUPS.map((group) => {
          const mine = entries.filter((each) => each.group === group);
          return (
            mine.length > 0 && (
              <div key={group} role="group" aria-label={t(`search.${group}`)}>
                <p className={css.group} aria-hidden>{t(`search.${group}`)}</p>
                {mine.map((entry) => (
                  <Option key={entry.key} id={`${id}-${entry.key}`} entry={entry} selected={entries[active] === entry} onHover={() => setAt(entries.indexOf(entry))} onTake={() => take(entry)} />
                ))}
              </div>
            )
          );
        })}
        {entries.length === 0 && (
          <div className={css.nothing}>
            <p>{waiting ? t("search.searching") : t("search.nothing", { query: words.trim() })}</p>
            {!waiting && <p className={css.nothingText}>{t("search.nothing_text")}</p>}
          </div>
        )}
      </div>
      <p className="visually-hidden" role="status">{words.trim() && !waiting ? t("search.results", { count: entries.length }) : ""}</p>
    </div>
  );
}

interface OptionProps {
  id: string;
  entry: Entry;
  selected: boolean;
  onHover: () => void;
  onTake: () => void;
}

function Option({ id, entry, selected, onHover, onTake }: OptionProps) {
  return (
    <div id={id} role="option" aria-selected={selected} className={css.option} onMouseMove={selected ? undefined : onHover} onClick={onTake}>
      <span className={css.icon}>{entry.icon}</span>
      <span className={css.words}>{entry.words}</span>
      {entry.hint && <span className={css.hint}>{entry.hint}</span>}
      {entry.keys && <span className={css.keys}>{entry.keys.split(" ").map((key) => <kbd key={key}>{key}</kbd>)}</span>}
    </div>
  );
}
