import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import { DataTable, type TableColumn } from "./DataTable";
import { draw } from "./testing/render";

interface Row { id: string; name: string; count: number }
const rows: Row[] = [{ id: "1", name: "Alien", count: 3 }, { id: "2", name: "Brazil", count: 1200 }, { id: "3", name: "Fargo", count: 20 }];
const columns: TableColumn<Row>[] = [
  { key: "name", title: "Title", value: (row) => row.name },
  { key: "count", title: "Plays", value: (row) => row.count, align: "end" },
];
const names = () => screen.getAllByRole("row").slice(1).map((row) => within(row).getAllByRole("cell")[0]?.textContent);

describe("a table", () => {
  it("sorts by a column, the largest number first, and says so", async () => {
    const user = userEvent.setup();
    draw(<DataTable label="Titles" columns={columns} rows={rows} rowKey={(row) => row.id} />);
    expect(screen.getByRole("table", { name: "Titles" }).getAttribute("aria-rowcount")).toBe("4");
    await user.click(screen.getByRole("button", { name: "Plays" }));
    expect(names()).toEqual(["Brazil", "Fargo", "Alien"]);
    expect(screen.getByRole("columnheader", { name: /Plays/ }).getAttribute("aria-sort")).toBe("descending");
    await user.click(screen.getByRole("button", { name: /Plays/ }));
    expect(names()).toEqual(["Alien", "Fargo", "Brazil"]);
  });

  it("is walked with arrows and opened with Enter", async () => {
    const user = userEvent.setup();
    const open = vi.fn();
    draw(<DataTable label="Titles" columns={columns} rows={rows} rowKey={(row) => row.id} onOpen={open} />);
    screen.getAllByRole("row")[1]?.focus();
    await user.keyboard("{ArrowDown}{ArrowDown}{ArrowDown}{Enter}");
    expect(open).toHaveBeenLastCalledWith(rows[2]);
    await user.keyboard("{Home}{Enter}");
    expect(open).toHaveBeenLastCalledWith(rows[0]);
  });

  it("copies a row with c, cell by cell", async () => {
    const user = userEvent.setup();
    draw(<DataTable label="Titles" columns={columns} rows={rows} rowKey={(row) => row.id} onOpen={() => undefined} />);
    screen.getAllByRole("row")[2]?.focus();
    await user.keyboard("c");
    expect(await navigator.clipboard.readText()).toBe("Title\tPlays\nBrazil\t1200");
  });

  it("shows its beginning when it is empty", () => {
    draw(<DataTable label="Titles" columns={columns} rows={[]} rowKey={(row: Row) => row.id} empty={<p>Nothing yet</p>} />);
    expect(screen.getByText("Nothing yet")).toBeTruthy();
    expect(screen.queryByRole("table")).toBeNull();
  });
});
