"""How a document is written: as an HTML page, a PDF or Word tables."""
