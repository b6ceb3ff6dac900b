import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { tell, tellProblem } from "../shared";
import { get, post, type Replay } from "../shared/api";

const LOOK_EVERY_MS = 1_000;
const isOver = (replay: Replay): boolean => replay.state !== "waiting" && replay.state !== "running";

/** Works a customer out anew from all that they did, and says what changed. */
export function useRecompute(customer_id: string) {
  const { t } = useTranslation("profiles");
  const client = useQueryClient();
  const [replay_id, setReplayId] = useState<string | null>(null);
  const { data } = useQuery({
    queryKey: ["profiles", customer_id, "recompute", replay_id],
    queryFn: ({ signal }) => get<Replay>(`/v1/replays/${encodeURIComponent(replay_id ?? "")}`, undefined, signal),
    enabled: replay_id !== null,
    refetchInterval: (query) => (query.state.data && isOver(query.state.data) ? false : LOOK_EVERY_MS),
  });
  useEffect(() => {
    if (!data || replay_id === null || !isOver(data)) return;
    setReplayId(null);
    if (data.error) tellProblem(new Error(data.error));
    else if (data.state === "done") tell(data.changed.length ? t("recompute.changed", { what: data.changed.join(", ") }) : t("recompute.same"));
    void client.invalidateQueries({ queryKey: ["profiles", customer_id] });
  }, [data, replay_id, customer_id, client, t]);
  const begin = () =>
    post<Replay>("/v1/replays", { into: "profile", customer: customer_id }).then((replay) => {
      setReplayId(replay.replay_id);
      tell(t("recompute.doing"));
      return client.invalidateQueries({ queryKey: ["jobs"] });
    }, tellProblem);
  return { begin: () => void begin(), isBusy: replay_id !== null };
}
