import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Cover } from "../catalog/Cover";
import { reasonText } from "../recommend/reasons";
import { ErrorState } from "../shared/ErrorState";
import { ChartSkeleton } from "../shared/Skeletons";
import css from "./FirstSlate.module.css";
import { firstSlateQuery } from "./progress";

/** What somebody new would see. */
export function FirstSlate() {
  const { t } = useTranslation("setup");
  const { t: tRecommend } = useTranslation("recommend");
  const { data: slate, error, refetch, isPending } = useQuery(firstSlateQuery);
  if (error) return <ErrorState error={error} retry={() => void refetch()} size="small" />;
  if (isPending) return <ChartSkeleton height={150} />;
  if (!slate) return <p className={css.none}>{t("start.no_slate")}</p>;
  return (
    <>
      <ol className={css.shelf} aria-label={t("start.slate")}>
        {slate.items.map((placed) => (
          <li key={placed.item_id} className={css.item}>
            <Cover item={placed.item ? { ...placed.item, item_id: placed.item_id } : { item_id: placed.item_id, title: placed.title, kind: "", tags: [], attributes: {} }} shape="poster" />
            {placed.reasons[0] && <span className={css.reason}>{reasonText(tRecommend, placed.reasons[0])}</span>}
          </li>
        ))}
      </ol>
      <p className={css.next}>
        <Link to="/recommend">{t("start.to_slots")}</Link>
      </p>
    </>
  );
}
