/** The pure part of a table: values to text for the clipboard and for files. */
export type CellValue = string | number | boolean | null | undefined;

export interface TableColumn<Row> {
  key: string;
  title: string;
  /** What is sorted, copied and saved. */
  value: (row: Row) => CellValue;
  /** What is drawn; the value as text when left out. */
  cell?: (row: Row) => React.ReactNode;
  width?: number;
  align?: "start" | "end";
  sortable?: boolean;
  /** Left out below this page width, so that a phone sees what matters. */
  hideBelow?: number;
}

const text = (value: CellValue): string => (value === null || value === undefined ? "" : String(value));

/** One CSV field (RFC 4180). A text that a spreadsheet would take for a formula is made harmless with a quote mark. */
export function csvField(value: CellValue): string {
  let field = text(value);
  if (typeof value === "string" && /^[=+\-@\t\r]/.test(field)) field = `'${field}`;
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

export function toCsv<Row>(columns: readonly TableColumn<Row>[], rows: readonly Row[]): string {
  const lines = [columns.map((column) => csvField(column.title)), ...rows.map((row) => columns.map((column) => csvField(column.value(row))))];
  return lines.map((line) => line.join(",")).join("\r\n");
}

/** Tabs between cells: what a spreadsheet takes when pasted. */
export function toTabs<Row>(columns: readonly TableColumn<Row>[], rows: readonly Row[]): string {
  const clean = (value: CellValue) => text(value).replaceAll(/[\t\r\n]+/g, " ");
  return [columns.map((column) => column.title), ...rows.map((row) => columns.map((column) => clean(column.value(row))))]
    .map((line) => line.join("\t"))
    .join("\n");
}

/** Nothing stands last, numbers by size, words as the reader's language orders them. */
export function compareCells(left: CellValue, right: CellValue, language: string): number {
  const nothing = (value: CellValue) => value === null || value === undefined || value === "";
  if (nothing(left) || nothing(right)) return Number(nothing(left)) - Number(nothing(right));
  if (typeof left === "number" && typeof right === "number") return left - right;
  return String(left).localeCompare(String(right), language, { numeric: true });
}

export interface Sort {
  key: string;
  down: boolean;
}

export function sortRows<Row>(rows: readonly Row[], columns: readonly TableColumn<Row>[], sort: Sort | null, language: string): readonly Row[] {
  const column = sort && columns.find((each) => each.key === sort.key);
  if (!sort || !column) return rows;
  const direction = sort.down ? -1 : 1;
  const last = (value: CellValue) => value === null || value === undefined || value === "";
  return [...rows].sort((a, b) => {
    const [left, right] = [column.value(a), column.value(b)];
    const order = compareCells(left, right, language);
    return last(left) || last(right) ? order : order * direction;
  });
}

export function saveFile(name: string, content: BlobPart, type: string): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1_000);
}
