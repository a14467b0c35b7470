"""One Python file and what it needs become one executable: analysis, archive, link."""
