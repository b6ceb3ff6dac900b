import { Tooltip } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { ChartSkeleton, DataTable, EmptyState, ErrorState, Section, type TableColumn, useFormat } from "../shared";
import type { IdentityGraph } from "../shared/api";
import { CARD_HEIGHT, CARD_WIDTH, type Evidence, type Identifier, nameOf, placeIdentifiers } from "./identity-layout";
import css from "./IdentityTab.module.css";
import { identityQuery } from "./queries";

const HEIGHT = 420;
const HEIGHTS = [0, 96, 220, 280]; // one identifier needs no sky
const NARROW = 620;

/** Why we believe that all of this is one person: identifiers, and the evidence between them. */
export function IdentityTab({ customerId, onOpen }: { customerId: string; onOpen: (event_id: string) => void }) {
  const { t } = useTranslation("profiles");
  const identity = useQuery(identityQuery(customerId));
  if (identity.isPending) return <Section><ChartSkeleton height={HEIGHT} /></Section>;
  if (identity.error) return <ErrorState error={identity.error} retry={() => void identity.refetch()} />;
  const graph = identity.data;
  if (graph.identifiers.length === 0) return <Section><EmptyState size="small" title={t("identity.none")} /></Section>;
  return (
    <>
      <Section title={t("identity.title")} hint={graph.evidence.length === 0 ? t("identity.no_evidence") : t("identity.hint", { count: graph.identifiers.length, evidence: graph.evidence.length })}>
        <Graph graph={graph} onOpen={onOpen} />
        {graph.merged_from.length > 0 && <p className={css.merged}>{t("identity.merged", { count: graph.merged_from.length })}</p>}
      </Section>
      {graph.evidence.length > 0 && <EvidenceTable graph={graph} onOpen={onOpen} />}
    </>
  );
}

function Graph({ graph, onOpen }: { graph: IdentityGraph; onOpen: (event_id: string) => void }) {
  const { t } = useTranslation("profiles");
  const { ref, width } = useElementSize();
  const room = Math.max(width, NARROW);
  const height = HEIGHTS[graph.identifiers.length] ?? Math.max(HEIGHT, graph.identifiers.length * 34);
  const places = useMemo(() => new Map(placeIdentifiers(graph, room, height).map((place) => [place.id, place])), [graph, room, height]);
  return (
    <div ref={ref} className={css.graph}>
      <svg width={room} height={height} viewBox={`0 0 ${room} ${height}`} role="group" aria-label={t("identity.title")}>
        {graph.evidence.map((edge, at) => {
          const [from, to] = [places.get(edge.from_id), places.get(edge.to_id)];
          return from && to ? <Edge key={at} edge={edge} from={from} to={to} onOpen={onOpen} /> : null;
        })}
        {graph.identifiers.map((identifier) => {
          const place = places.get(nameOf(identifier));
          return place ? <Node key={nameOf(identifier)} identifier={identifier} x={place.x} y={place.y} /> : null;
        })}
      </svg>
    </div>
  );
}

interface Point {
  x: number;
  y: number;
}

function Edge({ edge, from, to, onOpen }: { edge: Evidence; from: Point; to: Point; onOpen: (event_id: string) => void }) {
  const { t } = useTranslation("profiles");
  const [x, y] = [(from.x + to.x) / 2, (from.y + to.y) / 2];
  const words = edge.refused_reason ? t("identity.refused", { kind: edge.kind, reason: edge.refused_reason }) : t("identity.edge", { kind: edge.kind });
  const wide = edge.kind.length * 6.6 + 16;
  return (
    <Tooltip label={words} multiline maw={320}>
      <g className={css.edge} data-refused={edge.refused_reason !== null || undefined} role="link" tabIndex={0} aria-label={words} onClick={() => onOpen(edge.event_id)} onKeyDown={(event) => event.key === "Enter" && onOpen(edge.event_id)}>
        <line x1={from.x} y1={from.y} x2={to.x} y2={to.y} className={css.hit} />
        <line x1={from.x} y1={from.y} x2={to.x} y2={to.y} className={css.wire} />
        <rect x={x - wide / 2} y={y - 10} width={wide} height={20} rx={10} className={css.tag} />
        <text x={x} y={y + 4} textAnchor="middle" className={css.tagWord}>{edge.kind}</text>
      </g>
    </Tooltip>
  );
}

function Node({ identifier, x, y }: { identifier: Identifier; x: number; y: number }) {
  const { t } = useTranslation("profiles");
  return (
    <foreignObject x={x - CARD_WIDTH / 2} y={y - CARD_HEIGHT / 2} width={CARD_WIDTH} height={CARD_HEIGHT}>
      <div className={css.card} data-blocked={identifier.blocked || undefined} data-kind={identifier.kind}>
        <span className={css.kind}>{t(`identifier.${identifier.kind}`, { defaultValue: identifier.kind })}{identifier.blocked && ` · ${t("identity.blocked")}`}</span>
        <span className={css.value} title={identifier.value}>{identifier.value}</span>
      </div>
    </foreignObject>
  );
}

interface EvidenceRow {
  key: string;
  from: string;
  to: string;
  edge: Evidence;
}

function EvidenceTable({ graph, onOpen }: { graph: IdentityGraph; onOpen: (event_id: string) => void }) {
  const { t } = useTranslation("profiles");
  const format = useFormat();
  const values = new Map(graph.identifiers.map((each) => [nameOf(each), each.value]));
  const rows = graph.evidence.map((edge, at): EvidenceRow => ({ key: `${edge.event_id}${at}`, from: values.get(edge.from_id) ?? edge.from_id, to: values.get(edge.to_id) ?? edge.to_id, edge }));
  const columns: TableColumn<EvidenceRow>[] = [
    { key: "from", title: t("identity.from"), width: 180, value: (row) => row.from },
    { key: "kind", title: t("identity.by"), width: 120, value: (row) => row.edge.kind },
    { key: "to", title: t("identity.to"), width: 180, value: (row) => row.to },
    { key: "result", title: t("identity.result"), width: 200, hideBelow: 720, value: (row) => row.edge.refused_reason ?? t("identity.believed") },
    { key: "at", title: t("identity.at"), width: 130, hideBelow: 560, value: (row) => row.edge.at, cell: (row) => <>{format.moment(row.edge.at)}</> },
  ];
  return (
    <div className={css.table}>
      <Section title={t("identity.evidence")} flush>
        <DataTable label={t("identity.evidence")} columns={columns} rows={rows} rowKey={(row) => row.key} onOpen={(row) => onOpen(row.edge.event_id)} />
      </Section>
    </div>
  );
}
