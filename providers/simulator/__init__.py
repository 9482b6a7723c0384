"""The embedded helpdesk: a small helpdesk in one SQLite file."""
