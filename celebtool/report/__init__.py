"""What the command `report` says: tables, records, pages."""
