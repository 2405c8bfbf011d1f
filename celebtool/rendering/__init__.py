"""Pictures and pages made from values: matplotlib lives here."""
