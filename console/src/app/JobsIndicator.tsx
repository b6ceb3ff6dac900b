import { ActionIcon, Badge, Button, Indicator, Popover, Progress } from "@mantine/core";
import { IconListCheck } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSaid } from "../said/said";
import { useMay } from "../session/session";
import { get, type JobRun, post } from "../shared/api";
import { useFormat } from "../shared/format";
import { inWords } from "../shared/saying";
import { TimeAgo } from "../shared/TimeAgo";
import { tellProblem } from "../shared/toast";
import { byNeed, isRunning } from "./jobs";
import css from "./JobsIndicator.module.css";

/** Long work, wherever it was begun: how far it is, how it ended. */
export function JobsIndicator() {
  const { t } = useTranslation("app");
  const [opened, setOpened] = useState(false);
  const { data: jobs = [] } = useQuery({
    queryKey: ["jobs"],
    queryFn: ({ signal }) => get<JobRun[]>("/v1/jobs", undefined, signal),
    refetchInterval: (query) => (query.state.data?.some(isRunning) || opened ? 5_000 : 30_000),
  });
  const busy = jobs.filter(isRunning).length;
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" width={340} trapFocus returnFocus>
      <Indicator disabled={busy === 0} processing color="terracotta" size={8} offset={6}>
        <Popover.Target>
          <ActionIcon aria-label={busy > 0 ? t("jobs.busy", { count: busy }) : t("jobs.label")} onClick={() => setOpened(!opened)}>
            <IconListCheck size={18} stroke={1.5} />
          </ActionIcon>
        </Popover.Target>
      </Indicator>
      <Popover.Dropdown className={css.panel}>
        <p className={css.title} tabIndex={-1} data-autofocus>{t("jobs.label")}</p>
        {jobs.length === 0 && <p className={css.none}>{t("jobs.none")}</p>}
        <ul className={css.list}>
          {byNeed(jobs).slice(0, 12).map((job) => (
            <JobLine key={job.job_run_id} job={job} />
          ))}
        </ul>
      </Popover.Dropdown>
    </Popover>
  );
}

const TONES = { queued: "gray", running: "terracotta", done: "teal", failed: "red", cancelled: "gray" } as const;

function JobLine({ job }: { job: JobRun }) {
  const { t } = useTranslation("app");
  const format = useFormat();
  const said = useSaid();
  const queryClient = useQueryClient();
  const may = useMay("marketer");
  const { progress } = job;
  const total = progress?.total ?? 0;
  const at = job.finished_at ?? job.started_at;
  const cancel = () =>
    post(`/v1/jobs/${job.job_run_id}/cancel`).then(() => queryClient.invalidateQueries({ queryKey: ["jobs"] }), tellProblem);
  return (
    <li className={css.job}>
      <div className={css.line}>
        <span className={css.name}>{said.job(job.job)}</span>
        <Badge size="sm" variant="light" color={TONES[job.state]} tt="none" fw={400}>{t(`jobs.state.${job.state}`)}</Badge>
      </div>
      {job.state === "running" && progress && total > 0 && (
        <Progress value={(100 * progress.done) / total} size={4} mt={6} aria-label={t("jobs.progress", { job: said.job(job.job) })} />
      )}
      <p className={css.note}>
        {job.error ? inWords(job.error_said, job.error) : said.note(progress?.note)}
        {job.state === "running" && progress && total > 0 && <> {format.number(progress.done)} / {format.number(total)}</>}
        {!isRunning(job) && at && <> <TimeAgo at={at} /></>}
      </p>
      {isRunning(job) && may && <Button variant="subtle" color="gray" size="compact-xs" onClick={() => void cancel()}>{t("jobs.cancel")}</Button>}
    </li>
  );
}
