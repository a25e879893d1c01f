/** A table that becomes a list of cards on a phone. */

import type { ComponentChildren } from "preact";

export interface Column<T> {
    title: string;
    cell: (row: T) => ComponentChildren;
    /** Numbers stand to the right. */
    number?: boolean;
    /** The row's name: heads the card on a phone. */
    head?: boolean;
    /** Below the title, for a unit or a hint. */
    hint?: string;
}

interface TableProps<T> {
    caption: string;
    columns: readonly Column<T>[];
    rows: readonly T[];
    rowKey: (row: T) => string;
    /** Where a click on a row leads; the row's head must hold the same link for keyboards. */
    onRow?: (row: T) => void;
    /** Key of the row that is open beside the table. */
    chosen?: string;
    testid?: string;
}

export function Table<T>({ caption, columns, rows, rowKey, onRow, chosen, testid }: TableProps<T>) {
    return (
        <table class={`table ${onRow ? "table-links" : ""}`} data-testid={testid}>
            <caption class="hidden">{caption}</caption>
            <thead>
                <tr>
                    {columns.map(({ title, number }) => (
                        <th key={title} scope="col" class={number ? "number" : undefined}>
                            {title}
                        </th>
                    ))}
                </tr>
            </thead>
            <tbody>
                {rows.map((row) => (
                    <tr
                        key={rowKey(row)}
                        data-row={rowKey(row)}
                        class={rowKey(row) === chosen ? "chosen" : undefined}
                        onClick={onRow && (() => onRow(row))}
                    >
                        {columns.map(({ title, cell, number, head }) =>
                            head ? (
                                <th key={title} scope="row">
                                    {cell(row)}
                                </th>
                            ) : (
                                <td key={title} class={number ? "number" : undefined} data-title={title}>
                                    <div class="cell">{cell(row)}</div>
                                </td>
                            ),
                        )}
                    </tr>
                ))}
            </tbody>
        </table>
    );
}
