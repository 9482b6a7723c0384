"""The system of record: tables, transactions, leases, migrations."""
