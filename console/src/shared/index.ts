/** What every page builds with. */
export { Chart, type ChartProps } from "./charts/Chart";
export { chartTheme, paletteOf, seriesColour } from "./charts/theme";
export { CopyButton, CopyText, Snippet } from "./Copyable";
export { DataTable, type DataTableProps, type Sort, type TableColumn } from "./DataTable";
export { Drawer, type DrawerProps } from "./Drawer";
export { EmptyState, type EmptyStateProps } from "./EmptyState";
export { ErrorState } from "./ErrorState";
export { Figure, type FigureProps, Figures } from "./Figure";
export { type Formatter, formatter, useFormat } from "./format";
export { type LiveStatus, useLive } from "./live";
export { LiveDot } from "./LiveDot";
export { Page, type PageProps, Section, type SectionProps } from "./Page";
export { ChartSkeleton, FiguresSkeleton, TableSkeleton, TextSkeleton } from "./Skeletons";
export { BarCell, Sparkline } from "./Sparkline";
export { TimeAgo, useNow } from "./TimeAgo";
export { tell, tellProblem, withUndo } from "./toast";
export { ConfirmTyped } from "./ConfirmTyped";
export { FormProblem } from "./FormProblem";
