// Sorting, filtering and copying of the tables. The page says everything without this script.
"use strict";

(() => {
  const NUMBER = /^[<>≈]?\s*([-−]?\d[\d,]*(?:\.\d+)?)/;
  const FORMULA = /^[=+\-@](?![\d.,]*(?:e[+-]?\d+)?$)/; // as in vbq.run: what a spreadsheet would compute
  const words = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

  // A row with the rows of its levels, which stay under it.
  const blocksOf = (body) => {
    const blocks = [];
    for (const row of body.rows) {
      if (row.classList.contains("group")) continue;
      if (blocks.length && row.cells[0].classList.contains("level")) blocks.at(-1).push(row);
      else blocks.push([row]);
    }
    return blocks;
  };

  const textOf = (cell) => cell.textContent.trim();

  // The first filled cell of a column: that of a variable, or of its first level.
  const keyOf = (block, column) => {
    const text = block.map((row) => textOf(row.cells[column])).find(Boolean) ?? "";
    const number = NUMBER.exec(text);
    return { text, number: number ? Number(number[1].replace("−", "-").replaceAll(",", "")) : NaN };
  };

  const compare = (a, b) => {
    const [first, second] = [Number.isNaN(a.number), Number.isNaN(b.number)];
    return first || second ? first - second || words.compare(a.text, b.text) : a.number - b.number;
  };

  // The heading of each column: those of the first row that reach down, and those of the second.
  const leavesOf = (head) => {
    if (head.rows.length === 1) return [...head.rows[0].cells];
    const under = [...head.rows[1].cells];
    return [...head.rows[0].cells].flatMap((cell) =>
      cell.rowSpan > 1
        ? [cell]
        : under.splice(0, cell.colSpan).map((leaf) => {
            leaf.dataset.above = textOf(cell);
            return leaf;
          }),
    );
  };

  const NEXT = { none: "ascending", ascending: "descending", descending: "none" };

  const sort = (leaves, column, original) => {
    const order = NEXT[leaves[column].getAttribute("aria-sort")];
    for (const cell of leaves) cell.setAttribute("aria-sort", "none");
    leaves[column].setAttribute("aria-sort", order);
    for (const [body, blocks] of original) {
      const keyed = blocks.map((block) => ({ block, key: keyOf(block, column) }));
      if (order !== "none") keyed.sort((a, b) => (order === "ascending" ? 1 : -1) * compare(a.key, b.key));
      for (const { block } of keyed) body.append(...block);
    }
  };

  const filter = (original, wanted) => {
    let shown = 0;
    for (const [body, blocks] of original) {
      let inBody = 0;
      const ofGroup = body.rows[0]?.classList.contains("group") ? textOf(body.rows[0]) : "";
      for (const block of blocks) {
        const text = [ofGroup, ...block.map(textOf)].join(" ").toLowerCase();
        const fits = text.includes(wanted.toLowerCase());
        for (const row of block) row.hidden = !fits;
        inBody += fits ? block.length : 0;
      }
      body.hidden = !inBody;
      shown += inBody;
    }
    return shown;
  };

  const guarded = (text) => (FORMULA.test(text) ? `'${text}` : text);

  // The rows that are shown, as a spreadsheet and as a word processor take them.
  const copy = (table, leaves) => {
    const lines = [leaves.map((cell) => [cell.dataset.above, textOf(cell)].filter(Boolean).join(": "))];
    for (const row of table.querySelectorAll("tbody:not([hidden]) > tr:not([hidden])"))
      lines.push([...row.cells].map(textOf));
    const cells = lines.map((line) => line.map((text) => guarded(text.replace(/\s+/g, " "))));
    const escaped = (text) => text.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);
    const rows = cells.map((line) => `<tr>${line.map((text) => `<td>${escaped(text)}</td>`).join("")}</tr>`);
    const put = (event) => {
      event.clipboardData.setData("text/plain", cells.map((line) => line.join("\t")).join("\n"));
      event.clipboardData.setData("text/html", `<table>${rows.join("")}</table>`);
      event.preventDefault();
    };
    document.addEventListener("copy", put, { once: true });
    const done = document.execCommand("copy");
    document.removeEventListener("copy", put);
    return done;
  };

  const button = (label, click) => {
    const made = document.createElement("button");
    made.type = "button";
    made.append(label);
    made.addEventListener("click", click);
    return made;
  };

  const equip = (table) => {
    const leaves = leavesOf(table.tHead);
    const original = [...table.tBodies].map((body) => [body, blocksOf(body)]);
    const n = original.flatMap(([, blocks]) => blocks.flat()).length;

    leaves.forEach((cell, column) => {
      const sorter = button("", () => sort(leaves, column, original));
      sorter.append(...cell.childNodes);
      cell.append(sorter);
      cell.setAttribute("aria-sort", "none");
    });

    const tools = document.createElement("div");
    tools.className = "tools";
    const status = document.createElement("span");
    status.setAttribute("role", "status");
    const label = document.createElement("label");
    const input = document.createElement("input");
    input.type = "search";
    input.addEventListener("input", () => {
      const shown = filter(original, input.value.trim());
      status.textContent = input.value.trim() ? `${shown} of ${n} rows` : "";
    });
    label.append("Filter ", input);
    tools.append(
      label,
      button("Copy", () => {
        status.textContent = copy(table, leaves) ? "Copied" : "Copying is not allowed here";
      }),
      status,
    );
    table.closest(".scroll").before(tools);
  };

  // Rows of a table behind a table are many: equipped when they are opened.
  for (const table of document.querySelectorAll("section > .scroll > table")) equip(table);
  for (const details of document.querySelectorAll("details"))
    details.addEventListener("toggle", () => details.querySelectorAll("table").forEach(equip), { once: true });
})();
