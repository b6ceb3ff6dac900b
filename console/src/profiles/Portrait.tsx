import { ActionIcon, Menu } from "@mantine/core";
import { IconBell, IconBrandLine, IconCheck, IconDeviceDesktop, IconDeviceMobile, IconDevices, IconDeviceTablet, IconDeviceTv, IconDots, IconMail, IconMessage, IconRepeat, IconTrash, IconX, type TablerIcon } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../session/session";
import { CopyText, Section, TimeAgo, useFormat } from "../shared";
import type { Profile } from "../shared/api";
import { Avatar } from "./Avatar";
import { type Device, devicesOf } from "./devices";
import { EraseDialog } from "./EraseDialog";
import css from "./Portrait.module.css";
import { useRecompute } from "./recompute";

const DEVICES: Record<string, TablerIcon> = { phone: IconDeviceMobile, mobile: IconDeviceMobile, ios: IconDeviceMobile, android: IconDeviceMobile, tablet: IconDeviceTablet, desktop: IconDeviceDesktop, web: IconDeviceDesktop, tv: IconDeviceTv };
const CHANNELS: Record<string, TablerIcon> = { email: IconMail, sms: IconMessage, push: IconBell, line: IconBrandLine };

/** One row that says who this is: a name, since when, on which devices, and what they agreed to. */
export function Portrait({ profile }: { profile: Profile }) {
  const { t } = useTranslation("profiles");
  const format = useFormat();
  const [erasing, setErasing] = useState(false);
  const admin = useMay("admin");
  const recompute = useRecompute(profile.customer_id);
  const place = [profile.traits["city"]?.value, profile.country].filter((each) => typeof each === "string").join(", ");
  return (
    <Section>
      <div className={css.row}>
        <Avatar name={profile.name} seed={profile.customer_id} size={64} />
        <div className={css.who}>
          <p className={css.name}>{profile.name}{!profile.is_named && <span className={css.pseudonym}>{t("portrait.pseudonym")}</span>}</p>
          <p className={css.since}>
            {t("portrait.since", { day: format.day(profile.first_seen) })} · {t("portrait.events", { count: profile.events_total })} · {t("portrait.last")} <TimeAgo at={profile.last_seen} />
            {place && ` · ${place}`}
          </p>
          <CopyText text={profile.customer_id} />
        </div>
        <ul className={css.devices} aria-label={t("portrait.devices")}>{devicesOf(profile.devices).map((device) => <DeviceBadge key={device.key} device={device} />)}</ul>
        <ul className={css.consents} aria-label={t("portrait.consent")}>
          {Object.entries(profile.consent).map(([channel, consent]) => {
            const Icon = CHANNELS[channel] ?? IconMessage;
            return (
              <li key={channel} className={css.consent} data-granted={consent.granted} title={format.moment(consent.at)}>
                <Icon size={16} stroke={1.5} aria-hidden />
                <span>{t(consent.granted ? "portrait.may" : "portrait.may_not", { channel })}</span>
                {consent.granted ? <IconCheck size={14} stroke={2} aria-hidden /> : <IconX size={14} stroke={2} aria-hidden />}
              </li>
            );
          })}
          {Object.keys(profile.consent).length === 0 && <li className={css.nothing}>{t("portrait.no_consent")}</li>}
        </ul>
        <Menu>
          <Menu.Target><ActionIcon className={css.more} aria-label={t("portrait.more")}><IconDots size={18} stroke={1.5} /></ActionIcon></Menu.Target>
          <Menu.Dropdown>
            {admin && <Menu.Item leftSection={<IconRepeat size={16} stroke={1.5} />} disabled={recompute.isBusy} onClick={recompute.begin}>{t("recompute.open")}</Menu.Item>}
            <Menu.Item color="red" leftSection={<IconTrash size={16} stroke={1.5} />} onClick={() => setErasing(true)}>{t("erase.open")}</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </div>
      {erasing && <EraseDialog profile={profile} onClose={() => setErasing(false)} />}
    </Section>
  );
}

function DeviceBadge({ device }: { device: Device }) {
  const Icon = DEVICES[device.kind] ?? IconDevices;
  return (
    <li className={css.device}>
      <Icon size={20} stroke={1.5} aria-hidden />
      <span className={css.deviceWords}>
        <span>{device.name}</span>
        {device.last_seen && <span className={css.small}><TimeAgo at={device.last_seen} /></span>}
      </span>
    </li>
  );
}
