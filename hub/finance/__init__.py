"""What a company is owed and was paid: statements in, payments matched to invoices, everything explained."""
