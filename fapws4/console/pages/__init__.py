"""The pages. Every public function here is a handler, and stands in the table (fapws4.console.table) exactly once."""
