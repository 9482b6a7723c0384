"""Digisac: scheduled contacts, holidays, tickets and messages by API; what lives in its bots is changed by people."""
