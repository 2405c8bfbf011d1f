"""Put together what the command `report` prints and writes: tables, records, pages."""
