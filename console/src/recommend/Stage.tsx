import { ActionIcon, CloseButton, Combobox, Select, TextInput, useCombobox } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconPencil, IconUserPlus, IconUserQuestion } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Avatar } from "../profiles/Avatar";
import { profileQuery } from "../profiles/queries";
import { Section } from "../shared";
import { get, type Page, type ProfileSummary, type Slot } from "../shared/api";
import { NEWCOMER, type SlotsSearch } from "./search";
import css from "./Stage.module.css";

interface StageProps {
  slots: readonly Slot[];
  slot: Slot;
  customer: string | null;
  onChange: (next: Partial<SlotsSearch>) => void;
  onEdit: () => void;
}

/** Where, and for whom: the slot and the customer whose view it is. */
export function Stage({ slots, slot, customer, onChange, onEdit }: StageProps) {
  const { t } = useTranslation("recommend");
  return (
    <Section>
      <div className={css.stage}>
        <div className={css.part}>
          <Select label={t("stage.slot")} data={slots.map((each) => ({ value: each.name, label: each.title || each.name }))} value={slot.name} onChange={(name) => name && onChange({ slot: name })} allowDeselect={false} className={css.grow} />
          <ActionIcon size={36} variant="default" aria-label={t("slot.edit")} onClick={onEdit}><IconPencil size={16} stroke={1.5} /></ActionIcon>
        </div>
        <CustomerPicker chosen={customer} onChoose={(next) => onChange({ customer: next ?? NEWCOMER })} />
      </div>
      <p className={css.line}>{t("stage.serves", { policy: t(`policy.${slot.policy}`), count: slot.count })}{slot.experiment_key && ` ${t("stage.experiment", { key: slot.experiment_key })}`}</p>
    </Section>
  );
}

function CustomerPicker({ chosen, onChoose }: { chosen: string | null; onChoose: (customer: string | null) => void }) {
  const { t } = useTranslation("recommend");
  const combobox = useCombobox({ onDropdownClose: () => combobox.resetSelectedOption() });
  const [text, setText] = useState("");
  const [query] = useDebouncedValue(text.trim(), 250);
  const found = useQuery({
    queryKey: ["profiles", "search", query, "pick"],
    queryFn: ({ signal }) => get<Page<ProfileSummary>>("/v1/profiles", { query, limit: 8 }, signal),
    placeholderData: keepPreviousData,
  });
  const profile = useQuery({ ...profileQuery(chosen ?? ""), enabled: chosen !== null, refetchInterval: false });
  const name = chosen === null ? t("stage.new") : (profile.data?.name ?? chosen);
  const choose = (value: string) => {
    onChoose(value === "" ? null : value);
    setText("");
    combobox.closeDropdown();
  };
  return (
    <div className={css.part}>
      <Combobox store={combobox} onOptionSubmit={choose} withinPortal>
        <Combobox.Target>
          <TextInput
            className={css.grow}
            label={t("stage.customer")}
            placeholder={combobox.dropdownOpened ? t("stage.find") : name}
            classNames={{ input: combobox.dropdownOpened ? "" : css.chosen }}
            leftSection={chosen === null ? <IconUserQuestion size={18} stroke={1.5} /> : <Avatar name={name} seed={chosen} size={24} />}
            rightSection={chosen !== null && <CloseButton size="sm" aria-label={t("stage.new")} onClick={() => onChoose(null)} />}
            value={text}
            onChange={(event) => {
              setText(event.currentTarget.value);
              combobox.openDropdown();
            }}
            onFocus={() => combobox.openDropdown()}
            onClick={() => combobox.openDropdown()}
            onBlur={() => combobox.closeDropdown()}
          />
        </Combobox.Target>
        <Combobox.Dropdown>
          <Combobox.Options mah={340} style={{ overflowY: "auto" }}>
            <Combobox.Option value=""><span className={css.option}><IconUserPlus size={22} stroke={1.5} /> {t("stage.new")}</span></Combobox.Option>
            {found.data?.items.map((each) => (
              <Combobox.Option key={each.customer_id} value={each.customer_id} active={each.customer_id === chosen}>
                <span className={css.option}>
                  <Avatar name={each.name} seed={each.customer_id} size={24} />
                  <span className={css.words}><span>{each.name}</span><small>{[each.identifiers[0]?.value, each.top_affinity?.value].filter(Boolean).join(" · ")}</small></span>
                </span>
              </Combobox.Option>
            ))}
            {found.data?.items.length === 0 && <Combobox.Empty>{t("stage.nobody")}</Combobox.Empty>}
          </Combobox.Options>
        </Combobox.Dropdown>
      </Combobox>
      {chosen !== null && <Link to="/profiles/$customerId" params={{ customerId: chosen }} className={css.who}>{t("stage.who")}</Link>}
    </div>
  );
}
