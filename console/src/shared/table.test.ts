import { describe, expect, it } from "vitest";
import { compareCells, csvField, sortRows, type TableColumn, toCsv, toTabs } from "./table";

interface Row { name: string; count: number | null }
const columns: TableColumn<Row>[] = [
  { key: "name", title: "Name", value: (row) => row.name },
  { key: "count", title: "Count, 24 h", value: (row) => row.count },
];
const rows: Row[] = [{ name: "b", count: 2 }, { name: "a", count: null }, { name: "c", count: 10 }];

describe("CSV", () => {
  it("quotes commas, quotes and line breaks as RFC 4180 asks", () => {
    expect(csvField('say "hi", twice\n')).toBe('"say ""hi"", twice\n"');
  });

  it("never lets a customer's text become a formula, and leaves numbers alone", () => {
    expect(csvField("=HYPERLINK(1)")).toBe("'=HYPERLINK(1)");
    expect(csvField("-1+2")).toBe("'-1+2");
    expect(csvField(-5)).toBe("-5");
  });

  it("has a head, one line a row, and nothing where there is nothing", () => {
    expect(toCsv(columns, rows.slice(0, 2))).toBe('Name,"Count, 24 h"\r\nb,2\r\na,');
  });
});

it("a copied table keeps one cell a cell, whatever the text holds", () => {
  expect(toTabs(columns, [{ name: "a\tb\nc", count: 1 }])).toBe("Name\tCount, 24 h\na b c\t1");
});

describe("sorting", () => {
  it("orders numbers by size, words by language, and puts nothing last in both directions", () => {
    const names = (down: boolean) => sortRows(rows, columns, { key: "count", down }, "en").map((row) => row.name);
    expect(names(false)).toEqual(["b", "c", "a"]);
    expect(names(true)).toEqual(["c", "b", "a"]);
  });

  it("counts the digits inside words", () => {
    expect(compareCells("item 9", "item 10", "en")).toBeLessThan(0);
  });

  it("leaves the order alone when no column is asked for, and never touches the rows given", () => {
    expect(sortRows(rows, columns, null, "en")).toBe(rows);
    sortRows(rows, columns, { key: "name", down: false }, "en");
    expect(rows[0]?.name).toBe("b");
  });
});
